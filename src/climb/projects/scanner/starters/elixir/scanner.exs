# A network scanner that does not scan yet: it reads its arguments and prints an empty summary.

defmodule JsonLine do
  @moduledoc "Elixir 1.14 has no JSON of its own. This writes what a scan needs: maps, strings, numbers, booleans, nil."

  def encode(nil), do: "null"
  def encode(value) when is_boolean(value) or is_number(value), do: to_string(value)

  def encode(map) when is_map(map) do
    "{" <> Enum.map_join(map, ", ", fn {key, value} -> encode(to_string(key)) <> ": " <> encode(value) end) <> "}"
  end

  def encode(text) when is_binary(text) do
    "\"" <> String.replace(text, ~r/["\\\x00-\x1f]/, &escape/1) <> "\""
  end

  defp escape("\""), do: "\\\""
  defp escape("\\"), do: "\\\\"

  defp escape(<<byte>>) do
    "\\u" <> String.pad_leading(Integer.to_string(byte, 16), 4, "0")
  end
end

defmodule Scanner do
  @default_ports "80,443,8000,8008,8080,8081,8443,8888"
  @switches [ports: :string, timeout: :string, concurrency: :integer, rate: :string, all: :boolean]

  def main(words) do
    case OptionParser.parse(words, strict: @switches) do
      {options, [_ | _] = targets, []} -> run(targets, Keyword.put_new(options, :ports, @default_ports))
      {_, [], []} -> refuse("no target")
      {_, _, [{name, _} | _]} -> refuse("can't use #{name}")
    end
  end

  defp run(targets, options) do
    start = System.monotonic_time(:millisecond)
    counts = scan(targets, options)
    elapsed = (System.monotonic_time(:millisecond) - start) / 1000
    IO.puts(JsonLine.encode(%{summary: Map.put(counts, :elapsed_s, elapsed)}))
  end

  defp scan(_targets, _options) do
    # Begin here: connect to the port of the target. If the handshake completes within the timeout, the port is open:
    # print its line and count it.
    %{hosts: 0, ports: 0, open: 0, closed: 0, filtered: 0}
  end

  defp refuse(message) do
    IO.puts(:stderr, "scanner: " <> message)
    System.halt(2)
  end
end

Scanner.main(System.argv())
