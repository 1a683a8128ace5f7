using System.Runtime.InteropServices;
using System.Text.Json;

namespace Puna.Engine.Tests.Model;

/// <summary>Reads oracle tensors with a reader of its own, so that a fault of the engine's reader cannot hide itself.</summary>
internal sealed class OracleFile
{
    private readonly byte[] _bytes;
    private readonly JsonElement _header;
    private readonly int _dataStart;

    public OracleFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        var length = (int)BitConverter.ToUInt64(_bytes, 0);
        using var document = JsonDocument.Parse(_bytes.AsMemory(8, length));
        _header = document.RootElement.Clone();
        _dataStart = 8 + length;
    }

    public float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Data(name)).ToArray();

    public int[] Ints(string name) => MemoryMarshal.Cast<byte, int>(Data(name)).ToArray();

    private ReadOnlySpan<byte> Data(string name)
    {
        var offsets = _header.GetProperty(name).GetProperty("data_offsets");
        var start = offsets[0].GetInt32();
        return _bytes.AsSpan(_dataStart + start, offsets[1].GetInt32() - start);
    }
}
