using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Puna.Kernels.Formats;

namespace Puna.Kernels.Tests.Quantised.Codecs;

/// <summary>
/// The least reading of the recorded files that the codec tests need: tensors of a GGUF file by name, f32 tensors of a
/// safetensors file. It shares no line with the engine's readers and trusts its input.
/// </summary>
internal static class RecordedMatrices
{
    private static readonly int[] ScalarBytes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

    /// <summary>A matrix of a GGUF file: format, columns and the bytes of all rows.</summary>
    public static (WeightFormat Format, int Columns, byte[] Rows) ReadGguf(
        string path,
        string tensor
    )
    {
        var bytes = File.ReadAllBytes(path);
        var position = 24;
        var tensors = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
        var pairs = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16));
        for (var i = 0; i < pairs; i++)
        {
            ReadString(bytes, ref position);
            SkipValue(bytes, ref position, ReadInt32(bytes, ref position));
        }

        (WeightFormat Format, int Columns, int Rows, long Offset)? found = null;
        for (var i = 0; i < tensors; i++)
        {
            var name = ReadString(bytes, ref position);
            var dimensions = new int[ReadInt32(bytes, ref position)];
            foreach (ref var dimension in dimensions.AsSpan())
            {
                dimension = (int)ReadInt64(bytes, ref position);
            }

            var format = WeightFormats.FindGguf((uint)ReadInt32(bytes, ref position))!;
            var offset = ReadInt64(bytes, ref position);
            if (name == tensor)
            {
                found = (format, dimensions[0], dimensions[1], offset);
            }
        }

        Assert.NotNull(found);
        var start = (int)((position + 31) / 32 * 32 + found.Value.Offset);
        var length = (int)found.Value.Format.RowBytes(found.Value.Columns) * found.Value.Rows;
        return (found.Value.Format, found.Value.Columns, bytes.AsSpan(start, length).ToArray());
    }

    /// <summary>An f32 tensor of a safetensors file.</summary>
    public static float[] ReadSafetensors(string path, string tensor)
    {
        var bytes = File.ReadAllBytes(path);
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var json = JsonDocument.Parse(bytes.AsMemory(8, header));
        var offsets = json.RootElement.GetProperty(tensor).GetProperty("data_offsets");
        var (start, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
        return MemoryMarshal
            .Cast<byte, float>(bytes.AsSpan(8 + header + start, end - start))
            .ToArray();
    }

    private static void SkipValue(byte[] bytes, ref int position, int type)
    {
        switch (type)
        {
            case 8:
                ReadString(bytes, ref position);
                break;
            case 9:
                var element = ReadInt32(bytes, ref position);
                var count = ReadInt64(bytes, ref position);
                for (var i = 0; i < count; i++)
                {
                    SkipValue(bytes, ref position, element);
                }

                break;
            default:
                position += ScalarBytes[type];
                break;
        }
    }

    private static string ReadString(byte[] bytes, ref int position)
    {
        var length = (int)ReadInt64(bytes, ref position);
        position += length;
        return Encoding.UTF8.GetString(bytes, position - length, length);
    }

    private static int ReadInt32(byte[] bytes, ref int position)
    {
        position += 4;
        return BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(position - 4));
    }

    private static long ReadInt64(byte[] bytes, ref int position)
    {
        position += 8;
        return BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(position - 8));
    }
}
