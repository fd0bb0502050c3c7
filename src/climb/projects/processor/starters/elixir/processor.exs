# A data processor that takes nothing yet: it listens on both ports, and reads lines without answering them.

Code.require_file("json.exs", __DIR__)

defmodule Processor do
  @loopback {127, 0, 0, 1}

  def main do
    {port, ingest_port} = {number("PORT"), number("INGEST_PORT")}
    # A line that is longer than the buffer arrives in pieces.
    readings = listen(ingest_port, packet: :line, buffer: 65_536)
    requests = listen(port, packet: :http_bin)
    spawn_link(fn -> accept(readings, &serve_readings/1) end)
    accept(requests, &serve_request/1)
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

  defp listen(port, options) do
    {:ok, socket} = :gen_tcp.listen(port, [:binary, ip: @loopback, active: false, reuseaddr: true, backlog: 1024] ++ options)
    socket
  end

  # Each connection has a process of its own.
  defp accept(listener, serve) do
    {:ok, connection} = :gen_tcp.accept(listener)
    pid = spawn(fn -> receive do: (:go -> serve.(connection)) end)
    :ok = :gen_tcp.controlling_process(connection, pid)
    send(pid, :go)
    accept(listener, serve)
  end

  defp serve_readings(connection) do
    case :gen_tcp.recv(connection, 0) do
      {:ok, line} ->
        if answer = take(line), do: :gen_tcp.send(connection, Json.encode(answer) <> "\n")
        serve_readings(connection)

      {:error, _} ->
        :gen_tcp.close(connection)
    end
  end

  # Takes one reading; what is answered to its sender.
  defp take(_line) do
    # Begin here: Json.decode the line. Put the reading into the window that starts at ts - rem(ts, WINDOW_MS), kept by a process that
    # all connections ask (an Agent will do). Answer %{ack: %{its sensor => its seq}}.
    nil
  end

  defp serve_request(connection) do
    with {:ok, {:http_request, _method, {:abs_path, path}, _version}} <- :gen_tcp.recv(connection, 0),
         :ok <- skip_headers(connection) do
      {status, body} = respond(path)
      body = Json.encode(body)

      :gen_tcp.send(connection, [
        "HTTP/1.1 #{status}\r\nContent-Type: application/json\r\n",
        "Content-Length: #{byte_size(body)}\r\nConnection: close\r\n\r\n",
        body
      ])
    end

    :gen_tcp.close(connection)
  end

  defp skip_headers(connection) do
    case :gen_tcp.recv(connection, 0) do
      {:ok, :http_eoh} -> :ok
      {:ok, _} -> skip_headers(connection)
      error -> error
    end
  end

  defp respond("/healthz"), do: {"200 OK", %{ready: true}}
  # Then /windows: the closed windows, in order.
  defp respond(path), do: {"404 Not Found", %{error: "there is no #{path}"}}
end

Processor.main()
