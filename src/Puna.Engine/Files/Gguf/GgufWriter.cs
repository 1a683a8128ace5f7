using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Puna.Engine.Files.Writing;
using Puna.Kernels.Threads;

namespace Puna.Engine.Files.Gguf;

/// <summary>Writes a GGUF file of version 3: metadata and tensors are collected, then streamed.</summary>
internal sealed class GgufWriter : IDisposable
{
    private readonly MemoryStream _metadata = new();
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly List<OutputTensor> _tensors = [];

    /// <summary>True when the key was added.</summary>
    public bool Contains(string key) => _keys.Contains(key);

    /// <summary>Adds a string.</summary>
    public void Add(string key, string value)
    {
        Start(key, GgufValueType.String);
        Put(value);
    }

    /// <summary>Adds an unsigned integer.</summary>
    public void Add(string key, uint value)
    {
        Start(key, GgufValueType.UInt32);
        Put(value);
    }

    /// <summary>Adds a single.</summary>
    public void Add(string key, float value)
    {
        Start(key, GgufValueType.Float32);
        Put(BitConverter.SingleToUInt32Bits(value));
    }

    /// <summary>Adds a truth value.</summary>
    public void Add(string key, bool value)
    {
        Start(key, GgufValueType.Bool);
        _metadata.WriteByte(value ? (byte)1 : (byte)0);
    }

    /// <summary>Adds an array of strings.</summary>
    public void Add(string key, IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        StartArray(key, GgufValueType.String, values.Count);
        foreach (var value in values)
        {
            Put(value);
        }
    }

    /// <summary>Adds an array of singles.</summary>
    public void Add(string key, ReadOnlySpan<float> values)
    {
        StartArray(key, GgufValueType.Float32, values.Length);
        _metadata.Write(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Adds an array of signed integers.</summary>
    public void Add(string key, ReadOnlySpan<int> values)
    {
        StartArray(key, GgufValueType.Int32, values.Length);
        _metadata.Write(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Adds an array of bytes.</summary>
    public void Add(string key, ReadOnlySpan<byte> values)
    {
        StartArray(key, GgufValueType.UInt8, values.Length);
        _metadata.Write(values);
    }

    /// <summary>Adds an entry of another file, byte for byte.</summary>
    public void Copy(GgufFile file, GgufEntry entry)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.IsArray)
        {
            StartArray(entry.Key, entry.ElementType, entry.Count);
        }
        else
        {
            Start(entry.Key, entry.Type);
        }

        _metadata.Write(file.Bytes(entry));
    }

    /// <summary>Adds a tensor under GGUF's own name.</summary>
    public void Add(OutputTensor tensor) => _tensors.Add(tensor);

    /// <summary>Writes the file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="pool">Threads, or null for the caller's alone.</param>
    /// <param name="progress">Told the share that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work between buffers.</param>
    /// <exception cref="InputException">A tensor has a format that GGUF cannot hold.</exception>
    public void Write(
        Stream stream,
        WorkerPool? pool = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var header = new MemoryStream();
        Put(header, GgufHeader.Magic);
        Put(header, 3u);
        Put(header, (ulong)_tensors.Count);
        Put(header, (ulong)_keys.Count);
        _metadata.WriteTo(header);
        ulong offset = 0;
        foreach (var tensor in _tensors)
        {
            Put(header, tensor.Name);
            Put(header, (uint)tensor.Shape.Count);
            foreach (var size in tensor.Shape.Reverse())
            {
                Put(header, (ulong)size);
            }

            Put(header, TypeOf(tensor));
            Put(header, offset);
            offset += (ulong)Padded(tensor.Bytes);
        }

        header.WriteTo(stream);
        var output = new TensorStream(stream, (long)offset, pool, progress, cancellation);
        output.Pad(header.Length, GgufHeader.DefaultAlignment);
        foreach (var tensor in _tensors)
        {
            output.Write(tensor);
            output.Pad(tensor.Bytes, GgufHeader.DefaultAlignment);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _metadata.Dispose();

    private static uint TypeOf(OutputTensor tensor) =>
        tensor.Format.GgufType
        ?? throw new InputException(
            $"A GGUF file cannot hold tensor '{tensor.Name}' as {tensor.Format.Id}, for which GGUF has no number."
        );

    private static long Padded(long length) =>
        (length + GgufHeader.DefaultAlignment - 1)
        / GgufHeader.DefaultAlignment
        * GgufHeader.DefaultAlignment;

    private static void Put(MemoryStream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void Put(MemoryStream stream, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void Put(MemoryStream stream, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Put(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private void Put(uint value) => Put(_metadata, value);

    private void Put(string text) => Put(_metadata, text);

    private void Start(string key, GgufValueType type)
    {
        if (!_keys.Add(key))
        {
            throw new ArgumentException(
                $"The metadata key '{key}' was already added.",
                nameof(key)
            );
        }

        Put(key);
        Put((uint)type);
    }

    private void StartArray(string key, GgufValueType elementType, int count)
    {
        Start(key, GgufValueType.Array);
        Put((uint)elementType);
        Put(_metadata, (ulong)count);
    }
}
