using System.Buffers.Binary;
using System.Text;

namespace Puna.Engine.Files.Gguf;

/// <summary>GGUF metadata as short text, for people.</summary>
internal static class GgufMetadataText
{
    private const int ShownElements = 4;
    private const int ShownBytes = 256;

    public static List<KeyValuePair<string, string>> Of(GgufFile file) =>
        [
            .. file.Entries.Select(entry =>
                KeyValuePair.Create(PrintableText.Short(entry.Key), Render(file, entry))
            ),
        ];

    private static string Render(GgufFile file, GgufEntry entry)
    {
        var bytes = file.Bytes(entry);
        if (!entry.IsArray)
        {
            return Scalar(entry.Type, ref bytes);
        }

        var shown = new List<string>(ShownElements);
        for (var index = 0; index < Math.Min(entry.Count, ShownElements); index++)
        {
            shown.Add(Scalar(entry.ElementType, ref bytes));
        }

        var more = entry.Count > ShownElements ? $", ... ({entry.Count} in all)" : "";
        return $"[{string.Join(", ", shown)}{more}]";
    }

    /// <summary>How many bytes of a text are shown: none of a character that would be cut.</summary>
    private static int WholeCharacters(ReadOnlySpan<byte> text, int length)
    {
        var shown = Math.Min(length, ShownBytes);
        while (shown > 0 && shown < length && (text[shown] & 0xC0) == 0x80)
        {
            shown--;
        }

        return shown;
    }

    private static string Scalar(GgufValueType type, ref ReadOnlySpan<byte> bytes)
    {
        if (type == GgufValueType.String)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            var text = Encoding.UTF8.GetString(bytes.Slice(8, WholeCharacters(bytes[8..], length)));
            bytes = bytes[(8 + length)..];
            return PrintableText.Short(length > ShownBytes ? text + "..." : text);
        }

        var size = GgufHeader.SizeOf(type);
        var value = bytes[..size];
        bytes = bytes[size..];
        return type switch
        {
            GgufValueType.UInt8 => $"{value[0]}",
            GgufValueType.Int8 => $"{(sbyte)value[0]}",
            GgufValueType.Bool => value[0] != 0 ? "true" : "false",
            GgufValueType.UInt16 => $"{BinaryPrimitives.ReadUInt16LittleEndian(value)}",
            GgufValueType.Int16 => $"{BinaryPrimitives.ReadInt16LittleEndian(value)}",
            GgufValueType.UInt32 => $"{BinaryPrimitives.ReadUInt32LittleEndian(value)}",
            GgufValueType.Int32 => $"{BinaryPrimitives.ReadInt32LittleEndian(value)}",
            GgufValueType.Float32 => $"{BinaryPrimitives.ReadSingleLittleEndian(value)}",
            GgufValueType.UInt64 => $"{BinaryPrimitives.ReadUInt64LittleEndian(value)}",
            GgufValueType.Int64 => $"{BinaryPrimitives.ReadInt64LittleEndian(value)}",
            _ => $"{BinaryPrimitives.ReadDoubleLittleEndian(value)}",
        };
    }
}
