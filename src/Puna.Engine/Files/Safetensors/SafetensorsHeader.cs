using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using Puna.Engine.Files.Storage;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Safetensors;

/// <summary>Reads and checks the header of a safetensors file.</summary>
internal static class SafetensorsHeader
{
    /// <summary>The largest header that the format's own library takes.</summary>
    private const int LargestHeader = 100_000_000;
    private const int LongestName = 1024;
    private const int MostDimensions = 8;
    private const int DeepestNesting = 8;

    /// <summary>True when the file starts like one: a plausible length, then an opening brace.</summary>
    public static bool Looks(ReadOnlySpan<byte> start, long fileLength) =>
        start.Length >= 10
        && BinaryPrimitives.ReadUInt64LittleEndian(start) is var length
        && length >= 2
        && length <= (ulong)fileLength
        && start[8] == (byte)'{';

    public static SafetensorsFile Read(InputFile file)
    {
        if (file.Length < 10)
        {
            throw new InputException(
                $"'{file.Path}' is no safetensors file: it has only {file.Length} bytes."
            );
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Start(8));
        if (length > (ulong)(file.Length - 8) || length > LargestHeader)
        {
            throw new InputException(
                $"'{file.Path}' is cut off, damaged or no safetensors file: it announces a header of {length} bytes in a file of {file.Length}; at most {LargestHeader} are accepted."
            );
        }

        var json = file.Read(8, (int)length);
        if (!Utf8.IsValid(json))
        {
            throw new InputException($"'{file.Path}' is damaged: its header is not UTF-8.");
        }

        try
        {
            return ReadJson(file, json);
        }
        catch (Exception fault)
            when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new InputException(
                $"'{file.Path}' is damaged: its header is no valid JSON of the safetensors form.",
                fault
            );
        }
    }

    private static SafetensorsFile ReadJson(InputFile file, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestNesting });
        var start = 8 + (long)json.Length;
        var tensors = new List<SafetensorsTensor>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        Dictionary<string, string> metadata = [];
        Next(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (name.Length is 0 or > LongestName)
            {
                throw new InputException(
                    $"'{file.Path}' is damaged: it has a tensor with a name of {name.Length} characters; 1 to {LongestName} are accepted."
                );
            }

            if (!names.Add(name))
            {
                throw new InputException(
                    $"'{file.Path}' is damaged: it has tensor '{PrintableText.Short(name)}' twice."
                );
            }

            if (name == "__metadata__")
            {
                metadata = ReadMetadata(ref reader);
                continue;
            }

            tensors.Add(ReadTensor(ref reader, file.Path, name, start));
        }

        // Only blanks may follow the object; Read throws otherwise.
        while (reader.Read()) { }

        RequireRanges(file, tensors, start);
        return new SafetensorsFile(file, tensors, metadata);
    }

    private static void Next(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw new JsonException();
        }
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Next(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            Next(ref reader, JsonTokenType.String);
            metadata[key] = reader.GetString()!;
        }

        return metadata;
    }

    private static SafetensorsTensor ReadTensor(
        ref Utf8JsonReader reader,
        string path,
        string name,
        long start
    )
    {
        string? typeName = null;
        long[]? shape = null;
        long[]? offsets = null;
        Next(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString();
            if (field == "dtype" && typeName is null)
            {
                Next(ref reader, JsonTokenType.String);
                typeName = reader.GetString();
            }
            else if (field == "shape" && shape is null)
            {
                shape = ReadIntegers(ref reader, MostDimensions);
            }
            else if (field == "data_offsets" && offsets is null)
            {
                offsets = ReadIntegers(ref reader, 2);
            }
            else
            {
                throw new InputException(
                    $"'{path}' is damaged: tensor '{PrintableText.Short(name)}' has the field '{PrintableText.Short(field!)}' twice or where dtype, shape and data_offsets are accepted."
                );
            }
        }

        if (typeName is null || shape is null || offsets is not [var begin, var end])
        {
            throw new InputException(
                $"'{path}' is damaged: tensor '{PrintableText.Short(name)}' lacks its dtype, shape or data_offsets."
            );
        }

        var elements = shape.Contains(0) ? 0 : TensorRanges.Elements(path, name, shape);
        var needed = SafetensorsTypes.Parse(typeName) is { } type
            ? elements * type.Size()
            : end - begin;
        if (begin < 0 || end < begin || end - begin != needed)
        {
            throw new InputException(
                $"'{path}' is damaged: tensor '{PrintableText.Short(name)}' of {PrintableText.Short(typeName)} [{string.Join(", ", shape)}] needs {needed} bytes, but its data_offsets are {begin} to {end}."
            );
        }

        // Beyond 2^62 the sum with the header's length could wrap around; RequireRanges refuses either.
        return new SafetensorsTensor(
            name,
            typeName,
            shape,
            start + Math.Min(begin, long.MaxValue / 2),
            end - begin
        );
    }

    private static long[] ReadIntegers(ref Utf8JsonReader reader, int most)
    {
        var values = new List<long>(most);
        Next(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            if (values.Count == most || !reader.TryGetInt64(out var value) || value < 0)
            {
                throw new JsonException();
            }

            values.Add(value);
        }

        return reader.TokenType == JsonTokenType.EndArray ? [.. values] : throw new JsonException();
    }

    /// <summary>Every byte behind the header belongs to exactly one tensor, as the format asks.</summary>
    private static void RequireRanges(InputFile file, List<SafetensorsTensor> tensors, long start)
    {
        foreach (var tensor in tensors)
        {
            if (tensor.Offset > file.Length || tensor.Length > file.Length - tensor.Offset)
            {
                throw new InputException(
                    $"'{file.Path}' is cut off or damaged: tensor '{PrintableText.Short(tensor.Name)}' asks for {tensor.Length} bytes at {tensor.Offset}, but the file has {file.Length}."
                );
            }
        }

        TensorRanges.RequireDisjoint(
            file.Path,
            tensors.Select(tensor => (tensor.Name, tensor.Offset, tensor.Length))
        );
        var covered = tensors.Sum(tensor => tensor.Length);
        if (covered != file.Length - start)
        {
            throw new InputException(
                $"'{file.Path}' is damaged: its tensors cover {covered} of the {file.Length - start} bytes behind the header; the format allows no holes."
            );
        }
    }
}
