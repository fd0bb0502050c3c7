"""What happens on one connection: requests are read and answered, one after the other."""

from answer import refusal, send_answer
from body import CutShort, check_length, read_body
from connection import Connection, Gone, Stopping, TooLate
from head import ClientHasEnded, Request, await_request, read_head
from refused import Refused
from resources import answer_to

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class AnsweredAtOnce(Exception):
    """An error that a client gets to know before it sends its body."""

    def __init__(self, answer):
        super().__init__(answer.status)
        self.answer = answer


def converse(sock, settings, stop):
    """Serves one connection to its end."""
    connection = Connection(sock, settings, stop)
    try:
        while serve_one(connection):
            pass
        connection.linger()
    except (ClientHasEnded, CutShort, TooLate, Stopping):
        pass
    except Gone:
        connection.abort()
    finally:
        connection.close()


def serve_one(connection) -> bool:
    """Answers one request; false if the connection ends with it."""
    request = Request()
    await_request(connection)
    try:
        read_head(connection, request)
        check_length(connection, request)
        expect(connection, request)
        read_body(connection, request)
        answer = answer_to(request, connection.settings)
    except Refused as refused:
        send_answer(connection, refusal(refused), request, closes=True)
        return False
    except AnsweredAtOnce as early:
        send_answer(connection, early.answer, request, closes=True)
        return False
    finally:
        connection.before_waiting = None
    closes = request.wants_close or connection.stop.is_set
    send_answer(connection, answer, request, closes)
    return not closes and not connection.stop.is_set


def expect(connection, request):
    """If the body is not there yet when we come to wait for it, its client may be waiting too."""
    if not request.framing.has_body or not request.expectations or request.version < (1, 1):
        return
    answer = answer_to(request, connection.settings)
    if answer.file is not None:
        answer.file.close()

    def before_waiting():
        if answer.status >= 400:
            raise AnsweredAtOnce(answer)
        connection.send(CONTINUE)

    connection.before_waiting = before_waiting
