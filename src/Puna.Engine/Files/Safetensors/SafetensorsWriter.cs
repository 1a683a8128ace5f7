using System.Buffers.Binary;
using System.Text.Json;
using Puna.Engine.Files.Writing;
using Puna.Kernels.Threads;

namespace Puna.Engine.Files.Safetensors;

/// <summary>Writes a safetensors file of F32, F16 and BF16 tensors.</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes the header, then the tensors in an order that keeps each aligned to its element.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="tensors">What; wide elements are put in front of narrow ones.</param>
    /// <param name="metadata">Strings for __metadata__.</param>
    /// <param name="pool">Threads, or null for the caller's alone.</param>
    /// <param name="progress">Told the share that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work between buffers.</param>
    /// <exception cref="InputException">A tensor has a format that safetensors cannot hold.</exception>
    public static void Write(
        Stream stream,
        IReadOnlyList<OutputTensor> tensors,
        IReadOnlyDictionary<string, string> metadata,
        WorkerPool? pool = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(stream);
        var sorted = tensors.OrderByDescending(tensor => tensor.Format.BlockBytes).ToArray();
        var header = Header(sorted, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        var output = new TensorStream(
            stream,
            sorted.Sum(tensor => tensor.Bytes),
            pool,
            progress,
            cancellation
        );
        foreach (var tensor in sorted)
        {
            output.Write(tensor);
        }
    }

    /// <summary>Refuses to replace a file that is not an older one with a tensor of the same name.</summary>
    /// <param name="file">Where the new file will stand.</param>
    /// <param name="tensor">A tensor of the new file.</param>
    /// <param name="force">Replaces it all the same.</param>
    /// <exception cref="InputException">A file of another kind is there.</exception>
    public static void RequireReplaceable(OutputFile file, string tensor, bool force)
    {
        ArgumentNullException.ThrowIfNull(file);
        file.RequireReplaceable(path => Objection(path, tensor), force);
    }

    /// <summary>Why a file may not be replaced by a safetensors file, or null.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensor">A tensor that it has to have; null for any.</param>
    internal static string? Objection(string path, string? tensor = null)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            return tensor is null || file.Find(tensor) is not null
                ? null
                : $"exists and has no tensor '{tensor}'";
        }
        catch (InputException)
        {
            return "exists and is no safetensors file that can be read";
        }
    }

    private static byte[] Header(
        OutputTensor[] tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata)
            {
                writer.WriteString(key, value);
            }

            writer.WriteEndObject();
            long offset = 0;
            foreach (var tensor in tensors)
            {
                if (SafetensorsTypes.Of(tensor.Format) is not { } type)
                {
                    throw new InputException(
                        $"A safetensors file cannot hold tensor '{tensor.Name}' as {tensor.Format.Id}; f32, f16 and bf16 are accepted."
                    );
                }

                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", type.Id());
                writer.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                {
                    writer.WriteNumberValue(size);
                }

                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(offset += tensor.Bytes);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        // Blanks behind the JSON keep the data aligned.
        while ((8 + buffer.Length) % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }
}
