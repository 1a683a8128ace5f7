using System.Text;
using Puna.Engine.Text;

namespace Puna.Engine.Tests.Text;

/// <summary>A plain reader of GGUF metadata for tests: everything becomes an object at once.</summary>
internal sealed class GgufMetadata : ITokenizerMetadata
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public GgufMetadata(string path)
    {
        Path = path;
        using var reader = new BinaryReader(File.OpenRead(path));
        reader.ReadUInt64();
        reader.ReadUInt64();
        for (var count = reader.ReadUInt64(); count > 0; count--)
        {
            var key = Text(reader);
            _values[key] = Value(reader, reader.ReadUInt32());
        }
    }

    public GgufMetadata(string path, Dictionary<string, object> values)
    {
        Path = path;
        _values = values;
    }

    public string Path { get; }

    public string? Text(string key) => (string?)_values.GetValueOrDefault(key);

    public long? Integer(string key) =>
        _values.TryGetValue(key, out var value) ? Convert.ToInt64(value) : null;

    public bool? Flag(string key) => (bool?)_values.GetValueOrDefault(key);

    public string[]? Texts(string key) => List<string>(key);

    public float[]? Numbers(string key) => List<float>(key);

    public int[]? Integers(string key) => List<int>(key);

    private T[]? List<T>(string key) =>
        _values.TryGetValue(key, out var list) ? [.. ((object[])list).Cast<T>()] : null;

    private static string Text(BinaryReader reader) =>
        Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt64()));

    private static object Value(BinaryReader reader, uint type) =>
        type switch
        {
            0 => reader.ReadByte(),
            1 => reader.ReadSByte(),
            2 => reader.ReadUInt16(),
            3 => reader.ReadInt16(),
            4 => reader.ReadUInt32(),
            5 => reader.ReadInt32(),
            6 => reader.ReadSingle(),
            7 => reader.ReadBoolean(),
            8 => Text(reader),
            9 => List(reader),
            10 => reader.ReadUInt64(),
            11 => reader.ReadInt64(),
            12 => reader.ReadDouble(),
            _ => throw new InvalidDataException(),
        };

    private static object[] List(BinaryReader reader)
    {
        var type = reader.ReadUInt32();
        var list = new object[reader.ReadUInt64()];
        for (var i = 0; i < list.Length; i++)
        {
            list[i] = Value(reader, type);
        }

        return list;
    }
}
