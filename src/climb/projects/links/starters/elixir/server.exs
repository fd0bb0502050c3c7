# A link shortener that keeps nothing yet: it answers every new link with 201, and knows no code.

defmodule Service do
  @loopback {127, 0, 0, 1}
  @limit 64 * 1024
  @most 2_147_483_647
  @titles %{200 => "OK", 201 => "Created", 202 => "Accepted", 400 => "Bad Request", 404 => "Not Found", 413 => "Content Too Large"}

  def main do
    port = number("PORT", nil, 1, 65_535)
    text("DATABASE_URL", nil, ~r{^postgres(ql)?://.})
    text("CACHE_URL", nil, ~r{^redis://.})
    unless File.dir?(text("DATA_DIR", nil, ~r{.})), do: refuse("DATA_DIR", "an existing folder")
    issuer = text("ISSUER", nil, ~r{^https?://.})
    text("JWKS_URL", "#{issuer}/.well-known/jwks.json", ~r{^https?://.})
    text("PUBLIC_URL", "http://127.0.0.1:#{port}", ~r{^https?://.*[^/]$})
    number("STALE_MS", 2000, 100, @most)
    number("ALLOW_PRIVATE", 0, 0, 1)

    # Erlang reads the heads of HTTP for us: packet: :http_bin. Bodies are read as they are (packet: :raw).
    options = [:binary, packet: :http_bin, ip: @loopback, active: false, reuseaddr: true, nodelay: true, backlog: 1024]
    {:ok, listener} = :gen_tcp.listen(port, options)
    # SIGTERM ends the program with exit code 0, as Erlang does by itself. What is under way is cut off: your part, later.
    accept(listener)
  end

  # The answer to a request.
  defp answer_to(:POST, "/v1/links", _body) do
    # Begin here: check the token (401), read the body, and say what is wrong with it (400, 415, 422). Then insert the link,
    # and answer with all of it and its Location. GET /{code} comes next.
    json(201, "{}")
  end

  defp answer_to(:GET, path, _body) when path in ["/healthz", "/readyz"], do: {200, "text/plain", "ok"}
  defp answer_to(_method, _path, _body), do: problem(404)

  defp json(status, body), do: {status, "application/json", body}

  # What is answered when something is wrong (RFC 9457).
  defp problem(status) do
    body = ~s({"type": "about:blank", "title": "#{@titles[status]}", "status": #{status}})
    {status, "application/problem+json", body}
  end

  # Each connection has a process of its own.
  defp accept(listener) do
    {:ok, connection} = :gen_tcp.accept(listener)
    pid = spawn(fn -> receive do: (:go -> serve(connection)) end)
    :ok = :gen_tcp.controlling_process(connection, pid)
    send(pid, :go)
    accept(listener)
  end

  # Answers the requests of a connection, one after another.
  defp serve(connection) do
    :inet.setopts(connection, packet: :http_bin)

    with {:ok, {:http_request, method, {:abs_path, target}, _version}} <- :gen_tcp.recv(connection, 0),
         {:ok, fields} <- fields(connection, %{}),
         {:ok, body} <- body(connection, fields) do
      [path | _query] = String.split(target, "?", parts: 2)
      send_answer(connection, answer_to(method, path, body))
      if fields["connection"] == "close", do: :gen_tcp.close(connection), else: serve(connection)
    else
      {:refused, status} -> send_answer(connection, problem(status)) && :gen_tcp.close(connection)
      _ -> :gen_tcp.close(connection)
    end
  end

  defp fields(connection, found) do
    case :gen_tcp.recv(connection, 0) do
      {:ok, {:http_header, _, name, _, value}} -> fields(connection, Map.put(found, String.downcase(to_string(name)), value))
      {:ok, :http_eoh} -> {:ok, found}
      other -> other
    end
  end

  # The body as Content-Length counts it; one in chunks is not read yet.
  defp body(connection, fields) do
    :inet.setopts(connection, packet: :raw)

    case {fields["transfer-encoding"], Integer.parse(Map.get(fields, "content-length", "0"))} do
      {nil, {0, ""}} -> {:ok, ""}
      {nil, {length, ""}} when length in 1..@limit -> :gen_tcp.recv(connection, length)
      {nil, {_, ""}} -> {:refused, 413}
      _ -> {:refused, 400}
    end
  end

  defp send_answer(connection, {status, type, body}) do
    head = "HTTP/1.1 #{status} #{@titles[status]}\r\nContent-Type: #{type}\r\nContent-Length: #{byte_size(body)}\r\n\r\n"
    :ok == :gen_tcp.send(connection, [head, body])
  end

  # Ends the program, since a variable is missing or wrong.
  defp refuse(name, expected) do
    IO.puts(:stderr, "#{name}: expected #{expected}, got #{inspect(System.get_env(name))}")
    System.halt(2)
  end

  # A variable of this form, or its default; without a default it is required.
  defp text(name, default, form) do
    case System.get_env(name) do
      nil when default != nil -> default
      value -> if value != nil and value =~ form, do: value, else: refuse(name, "a text of the form #{inspect(form)}")
    end
  end

  # A variable that is a whole number, or its default.
  defp number(name, default, least, most) do
    case Integer.parse(System.get_env(name) || to_string(default)) do
      {value, ""} when value >= least and value <= most -> value
      _ -> refuse(name, "a whole number from #{least} to #{most}")
    end
  end
end

Service.main()
