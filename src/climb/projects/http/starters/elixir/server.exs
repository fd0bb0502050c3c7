# An HTTP server that does not read yet: whatever is asked, it answers 200 with nothing in it, and closes the connection.

defmodule Server do
  @loopback {127, 0, 0, 1}

  def main do
    # Bytes as they come: :gen_tcp can also parse HTTP, but that is your part here.
    options = [:binary, packet: :raw, ip: @loopback, active: false, reuseaddr: true, backlog: 1024]
    {:ok, listener} = :gen_tcp.listen(number("PORT"), options)
    accept(listener)
  end

  # A whole number from the environment. The brief has bounds and defaults; add them as you come to them.
  defp number(name) do
    text = System.get_env(name, "")

    case Integer.parse(text) do
      {number, ""} ->
        number

      _ ->
        IO.puts(:stderr, "#{name}: expected a whole number, got #{inspect(text)}")
        System.halt(2)
    end
  end

  # Each connection has a process of its own.
  defp accept(listener) do
    {:ok, connection} = :gen_tcp.accept(listener)
    pid = spawn(fn -> receive do: (:go -> serve(connection, "")) end)
    :ok = :gen_tcp.controlling_process(connection, pid)
    send(pid, :go)
    accept(listener)
  end

  # Answers one request. What recv brings may be a part of the head, or more than it.
  defp serve(connection, head) do
    if String.contains?(head, "\r\n\r\n") do
      :gen_tcp.send(connection, answer_to(head))
      :gen_tcp.close(connection)
    else
      case :gen_tcp.recv(connection, 0) do
        {:ok, piece} -> serve(connection, head <> piece)
        {:error, _} -> :gen_tcp.close(connection)
      end
    end
  end

  # The answer to a request with this head, as it goes over the wire.
  defp answer_to(_head) do
    # Begin here: the first line says what is asked. Answer /healthz with the two letters ok, as text/plain, and anything else
    # with 404. Content-Length counts the bytes of the body, and Date is missing.
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
  end
end

Server.main()
