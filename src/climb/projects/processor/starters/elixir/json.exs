defmodule Json do
  @moduledoc """
  JSON, done for you: `decode` reads a document, `encode` writes one. Objects become maps with texts as keys.
  What follows the document is not looked at, and nesting has no limit yet.
  """

  def decode(text) do
    {value, _rest} = value(skip(text))
    {:ok, value}
  catch
    message -> {:error, "not JSON: " <> message}
  end

  def encode(map) when is_map(map) do
    "{" <> Enum.map_join(map, ", ", fn {key, value} -> encode(to_string(key)) <> ": " <> encode(value) end) <> "}"
  end

  def encode(list) when is_list(list), do: "[" <> Enum.map_join(list, ", ", &encode/1) <> "]"
  def encode(text) when is_binary(text), do: "\"" <> String.replace(text, ~r/["\\\x00-\x1f]/, &escape/1) <> "\""
  def encode(nil), do: "null"
  def encode(value) when is_boolean(value) or is_number(value), do: to_string(value)

  defp escape("\""), do: "\\\""
  defp escape("\\"), do: "\\\\"
  defp escape(<<byte>>), do: "\\u" <> String.pad_leading(Integer.to_string(byte, 16), 4, "0")

  defp skip(<<space, rest::binary>>) when space in ' \t\r\n', do: skip(rest)
  defp skip(text), do: text

  defp value("{" <> rest), do: object(skip(rest), %{})
  defp value("[" <> rest), do: list(skip(rest), [])
  defp value("\"" <> rest), do: text(rest, [])
  defp value("null" <> rest), do: {nil, rest}
  defp value("true" <> rest), do: {true, rest}
  defp value("false" <> rest), do: {false, rest}

  defp value(text) do
    case Regex.run(~r/^-?\d+(\.\d+)?([eE][+-]?\d+)?/, text) do
      nil -> throw("a value is expected")
      [word] -> {String.to_integer(word), binary_part(text, byte_size(word), byte_size(text) - byte_size(word))}
      [word | _] -> {fraction(word), binary_part(text, byte_size(word), byte_size(text) - byte_size(word))}
    end
  end

  defp fraction(word) do
    case Float.parse(word) do
      {number, ""} -> number
      _ -> throw("a number is out of range")
    end
  end

  defp object("}" <> rest, map) when map == %{}, do: {map, rest}

  defp object("\"" <> rest, map) do
    {name, rest} = text(rest, [])

    with ":" <> rest <- skip(rest), {value, rest} = value(skip(rest)), map = Map.put(map, name, value) do
      case skip(rest) do
        "," <> rest -> object(skip(rest), map)
        "}" <> rest -> {map, rest}
        _ -> throw("a comma is expected")
      end
    else
      _ -> throw("a colon is expected")
    end
  end

  defp object(_, _), do: throw("a name is expected")

  defp list("]" <> rest, []), do: {[], rest}

  defp list(text, values) do
    {value, rest} = value(text)

    case skip(rest) do
      "," <> rest -> list(skip(rest), [value | values])
      "]" <> rest -> {Enum.reverse([value | values]), rest}
      _ -> throw("a comma is expected")
    end
  end

  defp text("\"" <> rest, parts), do: {IO.iodata_to_binary(Enum.reverse(parts)), rest}
  defp text("\\u" <> rest, parts), do: escaped(rest, parts)
  defp text("\\n" <> rest, parts), do: text(rest, ["\n" | parts])
  defp text("\\t" <> rest, parts), do: text(rest, ["\t" | parts])
  defp text("\\r" <> rest, parts), do: text(rest, ["\r" | parts])
  defp text("\\b" <> rest, parts), do: text(rest, ["\b" | parts])
  defp text("\\f" <> rest, parts), do: text(rest, ["\f" | parts])
  defp text(<<"\\", char, rest::binary>>, parts), do: text(rest, [char | parts])
  defp text(<<char::utf8, rest::binary>>, parts), do: text(rest, [<<char::utf8>> | parts])
  defp text(_, _), do: throw("a text does not end, or is not UTF-8")

  # Characters beyond the first 65,536 are written as two units of four digits.
  defp escaped(<<high::binary-size(4), "\\u", low::binary-size(4), rest::binary>> = all, parts) do
    case {unit(high), unit(low)} do
      {high, low} when high in 0xD800..0xDBFF and low in 0xDC00..0xDFFF ->
        text(rest, [<<0x10000 + (high - 0xD800) * 1024 + low - 0xDC00::utf8>> | parts])

      _ ->
        one(all, parts)
    end
  end

  defp escaped(text, parts), do: one(text, parts)

  defp one(<<digits::binary-size(4), rest::binary>>, parts) do
    case unit(digits) do
      half when half in 0xD800..0xDFFF -> text(rest, ["\uFFFD" | parts])
      code -> text(rest, [<<code::utf8>> | parts])
    end
  end

  defp one(_, _), do: throw("a text does not end")

  defp unit(digits) do
    case Integer.parse(digits, 16) do
      {code, ""} when code >= 0 -> code
      _ -> throw("four hexadecimal digits are expected")
    end
  end
end
