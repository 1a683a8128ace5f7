using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Puna.Engine.Files.Storage;

namespace Puna.Engine.Files.Gguf;

/// <summary>
/// A GGUF file (version 2 or 3): typed metadata, and where the tensors lie. Opening walks the header once and
/// checks every length; large values such as the vocabulary become objects only when asked for. It knows nothing of
/// models: a file with a vocabulary alone opens too.
/// </summary>
internal sealed class GgufFile : ITokenizerMetadata, IDisposable
{
    private readonly Dictionary<string, GgufEntry> _byKey = new(StringComparer.Ordinal);
    private readonly InputFile _file;

    internal GgufFile(InputFile file, int version)
    {
        _file = file;
        Version = version;
    }

    /// <summary>The path that was opened.</summary>
    public string Path => _file.Path;

    /// <summary>Version of the form: 2 or 3.</summary>
    public int Version { get; }

    /// <summary>All metadata entries, in file order.</summary>
    public IReadOnlyList<GgufEntry> Entries { get; internal set; } = [];

    /// <summary>All tensors, in file order; each was checked to lie inside the file and to overlap no other.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; internal set; } = [];

    /// <summary>Alignment of the tensors' offsets, in bytes.</summary>
    public int Alignment { get; internal set; } = GgufHeader.DefaultAlignment;

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="InputException">The file cannot be read, is no GGUF file, or is damaged.</exception>
    public static GgufFile Open(string path)
    {
        var file = InputFile.Open(path);
        try
        {
            return GgufHeader.Read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The entry of a key, or null.</summary>
    public GgufEntry? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>True when the key is there.</summary>
    public bool Contains(string key) => _byKey.ContainsKey(key);

    /// <summary>A string value, or null when the key is absent.</summary>
    /// <exception cref="InputException">The value is no string.</exception>
    public string? Text(string key)
    {
        if (Find(key) is not { } entry)
        {
            return null;
        }

        return entry.Type == GgufValueType.String
            ? Encoding.UTF8.GetString(Bytes(entry)[8..])
            : throw Mismatch(entry, "a string");
    }

    /// <summary>An integer of any width, or null when the key is absent.</summary>
    /// <exception cref="InputException">The value is no integer, or one beyond 2^63.</exception>
    public long? Integer(string key) =>
        Find(key) is { } entry
            ? entry.IsArray
                ? throw Mismatch(entry, "an integer")
                : IntegerAt(entry, Bytes(entry))
            : null;

    /// <summary>A number, integer or float, or null when the key is absent.</summary>
    /// <exception cref="InputException">The value is no number.</exception>
    public double? Number(string key) =>
        Find(key) is { } entry
            ? entry.IsArray
                ? throw Mismatch(entry, "a number")
                : NumberAt(entry, Bytes(entry))
            : null;

    /// <summary>A truth value, or null when the key is absent.</summary>
    /// <exception cref="InputException">The value is none.</exception>
    public bool? Flag(string key) =>
        Find(key) is not { } entry ? null
        : entry.Type == GgufValueType.Bool ? Bytes(entry)[0] != 0
        : throw Mismatch(entry, "true or false");

    /// <summary>An array of strings, or null when the key is absent. Bytes that are no UTF-8 become U+FFFD.</summary>
    /// <exception cref="InputException">The value is no array of strings.</exception>
    public string[]? Texts(string key)
    {
        if (Find(key) is not { } entry)
        {
            return null;
        }

        if (!entry.IsArray || entry.ElementType != GgufValueType.String)
        {
            throw Mismatch(entry, "an array of strings");
        }

        var texts = new string[entry.Count];
        var bytes = Bytes(entry);
        for (var index = 0; index < texts.Length; index++)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            texts[index] = Encoding.UTF8.GetString(bytes.Slice(8, length));
            bytes = bytes[(8 + length)..];
        }

        return texts;
    }

    /// <summary>An array of numbers as f32, or null when the key is absent.</summary>
    /// <exception cref="InputException">The value is no array of numbers.</exception>
    public float[]? Numbers(string key) =>
        Find(key) is not { } entry ? null
        : entry is { IsArray: true, ElementType: GgufValueType.Float32 }
        && BitConverter.IsLittleEndian
            ? MemoryMarshal.Cast<byte, float>(Bytes(entry)).ToArray()
        : Elements(entry, "an array of numbers", (e, bytes) => (float)NumberAt(e, bytes));

    /// <summary>An array of integers, or null when the key is absent.</summary>
    /// <exception cref="InputException">The value is no array of integers that fit 32 bits.</exception>
    public int[]? Integers(string key) =>
        Find(key) is not { } entry ? null
        : entry is { IsArray: true, ElementType: GgufValueType.Int32 }
        && BitConverter.IsLittleEndian
            ? MemoryMarshal.Cast<byte, int>(Bytes(entry)).ToArray()
        : Elements(
            entry,
            "an array of integers",
            (e, bytes) =>
            {
                var value = IntegerAt(e, bytes);
                return value is >= int.MinValue and <= int.MaxValue
                    ? (int)value
                    : throw Mismatch(e, "an array of 32-bit integers");
            }
        );

    /// <summary>The bytes of a value as they lie in the file, for copying it.</summary>
    public ReadOnlySpan<byte> Bytes(GgufEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _file.Read(entry.Offset, entry.Length);
    }

    /// <summary>The bytes of a tensor.</summary>
    public StoredBytes Data(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new FileBytes(_file, tensor.Offset, tensor.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    internal bool TryAdd(GgufEntry entry) => _byKey.TryAdd(entry.Key, entry);

    private T[] Elements<T>(GgufEntry entry, string wanted, ElementReader<T> read)
    {
        if (!entry.IsArray)
        {
            throw Mismatch(entry, wanted);
        }

        var size = GgufHeader.SizeOf(entry.ElementType);
        if (size == 0)
        {
            throw Mismatch(entry, wanted);
        }

        var values = new T[entry.Count];
        var bytes = Bytes(entry);
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = read(entry, bytes.Slice(index * size, size));
        }

        return values;
    }

    private long IntegerAt(GgufEntry entry, ReadOnlySpan<byte> bytes) =>
        entry.ElementType switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes) is var value
            && value <= long.MaxValue
                ? (long)value
                : throw Mismatch(entry, "an integer below 2^63"),
            _ => throw Mismatch(entry, "an integer"),
        };

    private double NumberAt(GgufEntry entry, ReadOnlySpan<byte> bytes) =>
        entry.ElementType switch
        {
            GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
            GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            GgufValueType.String or GgufValueType.Bool or GgufValueType.Array => throw Mismatch(
                entry,
                "a number"
            ),
            _ => IntegerAt(entry, bytes),
        };

    private InputException Mismatch(GgufEntry entry, string wanted)
    {
        var found = entry.IsArray
            ? $"an array of {entry.Count} {entry.ElementType}"
            : $"{entry.Type}";
        return new InputException(
            $"'{Path}' is damaged: its metadata '{PrintableText.Short(entry.Key)}' should be {wanted}, but it is {found}."
        );
    }

    private delegate T ElementReader<out T>(GgufEntry entry, ReadOnlySpan<byte> bytes);
}
