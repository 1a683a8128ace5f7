using System.Numerics;
using Puna.Engine.Files.Storage;

namespace Puna.Engine.Files.Gguf;

/// <summary>
/// Reads the header of a GGUF file: magic, version (u32), tensor count and entry count (u64), the entries (name, type,
/// value), the tensors (name, dimension count u32, dimensions u64 fastest first, type u32, offset u64), padding to
/// the alignment, data. Every count is held against the bytes that are left before anything is allocated for it.
/// </summary>
internal static class GgufHeader
{
    public const int DefaultAlignment = 32;
    public const uint Magic = 0x46554747;
    private const int LargestHeader = 1 << 30;
    private const int LongestKey = 65535;
    private const int LongestTensorName = 256;
    private const int MostDimensions = 4;
    private const int LargestAlignment = 1 << 20;

    /// <summary>Smallest entry: an 8-byte length, one letter, a 4-byte type, one byte.</summary>
    private const int SmallestEntry = 14;

    /// <summary>Smallest tensor: an 8-byte length, one letter, dimension count, one dimension, type, offset.</summary>
    private const int SmallestTensor = 33;

    public static GgufFile Read(InputFile file)
    {
        var length = (int)Math.Min(file.Length, LargestHeader);
        var cursor = new GgufCursor(file, length);
        if (length < 8 || cursor.UInt32() != Magic)
        {
            throw new InputException(
                $"'{file.Path}' is no GGUF file: it does not start with the letters GGUF."
            );
        }

        var version = cursor.UInt32();
        if (version is not (2 or 3))
        {
            var reason =
                (version & 0xFFFF) == 0 && version != 0
                    ? "is written in big-endian order"
                    : $"is GGUF version {version}";
            throw new InputException(
                $"'{file.Path}' {reason}; versions 2 and 3 in little-endian order can be read."
            );
        }

        var gguf = new GgufFile(file, (int)version);
        var tensors = Count(cursor, SmallestTensor, "tensors", file.Path);
        var entries = Count(cursor, SmallestEntry, "metadata entries", file.Path);
        gguf.Entries = ReadEntries(cursor, gguf, entries);
        gguf.Alignment = ReadAlignment(gguf);
        gguf.Tensors = ReadTensors(cursor, gguf, tensors, file.Length);
        return gguf;
    }

    /// <summary>Bytes of a value of fixed size, or 0 for strings and arrays.</summary>
    public static int SizeOf(GgufValueType type) =>
        type switch
        {
            GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
            GgufValueType.UInt16 or GgufValueType.Int16 => 2,
            GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
            GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
            _ => 0,
        };

    private static int Count(GgufCursor cursor, int smallest, string what, string path)
    {
        var count = cursor.UInt64();
        return count <= (ulong)(cursor.Left / smallest)
            ? (int)count
            : throw new InputException(
                $"'{path}' is cut off or damaged: its header announces {count} {what}, but only {cursor.Left} bytes follow."
            );
    }

    private static List<GgufEntry> ReadEntries(GgufCursor cursor, GgufFile gguf, int count)
    {
        var entries = new List<GgufEntry>(count);
        for (var index = 0; index < count; index++)
        {
            var key = cursor.Name(LongestKey, $"metadata entry {index}");
            var type = ReadType(cursor, key, gguf.Path);
            var elementType = type;
            ulong elements = 1;
            if (type == GgufValueType.Array)
            {
                elementType = ReadType(cursor, key, gguf.Path);
                elements = cursor.UInt64();
                if (elementType == GgufValueType.Array)
                {
                    throw new InputException(
                        $"'{gguf.Path}' has an array of arrays in its metadata '{PrintableText.Short(key)}', which no known model file has."
                    );
                }
            }

            var start = cursor.Position;
            if (SizeOf(elementType) is var size and > 0)
            {
                cursor.Skip(elements, size);
            }
            else
            {
                if (elements > (ulong)(cursor.Left / 8))
                {
                    throw new InputException(
                        $"'{gguf.Path}' is cut off or damaged: '{PrintableText.Short(key)}' announces {elements} strings, but only {cursor.Left} bytes follow."
                    );
                }

                for (var element = 0; element < (int)elements; element++)
                {
                    cursor.SkipString();
                }
            }

            var entry = new GgufEntry(
                key,
                type,
                elementType,
                (int)elements,
                start,
                cursor.Position - start
            );
            if (!gguf.TryAdd(entry))
            {
                throw new InputException(
                    $"'{gguf.Path}' is damaged: its metadata has '{PrintableText.Short(key)}' twice."
                );
            }

            entries.Add(entry);
        }

        return entries;
    }

    private static GgufValueType ReadType(GgufCursor cursor, string key, string path)
    {
        var type = cursor.UInt32();
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw new InputException(
                $"'{path}' is damaged: its metadata '{PrintableText.Short(key)}' has the unknown value type {type}; 0 to 12 are known."
            );
    }

    private static int ReadAlignment(GgufFile gguf)
    {
        var alignment = gguf.Integer("general.alignment") ?? DefaultAlignment;
        return alignment is >= 8 and <= LargestAlignment && BitOperations.IsPow2(alignment)
            ? (int)alignment
            : throw new InputException(
                $"'{gguf.Path}' is damaged: general.alignment is {alignment}; a power of two from 8 to {LargestAlignment} is accepted."
            );
    }

    private static List<GgufTensor> ReadTensors(
        GgufCursor cursor,
        GgufFile gguf,
        int count,
        long fileLength
    )
    {
        var tensors = new List<GgufTensor>(count);
        var names = new HashSet<string>(count, StringComparer.Ordinal);
        for (var index = 0; index < count; index++)
        {
            var name = cursor.Name(LongestTensorName, $"tensor {index}");
            if (!names.Add(name))
            {
                throw new InputException(
                    $"'{gguf.Path}' is damaged: it has tensor '{PrintableText.Short(name)}' twice."
                );
            }

            tensors.Add(ReadTensor(cursor, gguf, name));
        }

        var start = (cursor.Position + (long)gguf.Alignment - 1) / gguf.Alignment * gguf.Alignment;
        MeasureUnknownTypes(tensors, fileLength - start);
        for (var index = 0; index < count; index++)
        {
            var tensor = tensors[index];
            if (tensor.Offset % gguf.Alignment != 0)
            {
                throw new InputException(
                    $"'{gguf.Path}' is damaged: tensor '{PrintableText.Short(tensor.Name)}' lies at offset {tensor.Offset}, which is no multiple of the alignment {gguf.Alignment}."
                );
            }

            if (
                tensor.Offset > fileLength - start
                || tensor.Length > fileLength - start - tensor.Offset
            )
            {
                throw new InputException(
                    $"'{gguf.Path}' is cut off or damaged: tensor '{PrintableText.Short(tensor.Name)}' asks for {tensor.Length} bytes at {start} + {tensor.Offset}, but the file has {fileLength}."
                );
            }

            tensors[index] = tensor with { Offset = start + tensor.Offset };
        }

        TensorRanges.RequireDisjoint(
            gguf.Path,
            tensors.Select(tensor => (tensor.Name, tensor.Offset, tensor.Length))
        );
        return tensors;
    }

    /// <summary>Of a type whose sizes are not known a tensor has what lies before the next one.</summary>
    private static void MeasureUnknownTypes(List<GgufTensor> tensors, long end)
    {
        if (tensors.TrueForAll(tensor => tensor.Type.IsSized))
        {
            return;
        }

        var offsets = new SortedSet<long>(tensors.Select(tensor => tensor.Offset)) { end };
        for (var index = 0; index < tensors.Count; index++)
        {
            var tensor = tensors[index];
            if (!tensor.Type.IsSized && tensor.Offset < end)
            {
                var next = offsets.GetViewBetween(tensor.Offset + 1, end).Min;
                tensors[index] = tensor with { Length = next - tensor.Offset };
            }
        }
    }

    private static GgufTensor ReadTensor(GgufCursor cursor, GgufFile gguf, string name)
    {
        var dimensions = cursor.UInt32();
        if (dimensions is 0 or > MostDimensions)
        {
            throw new InputException(
                $"'{gguf.Path}' is damaged: tensor '{PrintableText.Short(name)}' has {dimensions} dimensions; 1 to {MostDimensions} are accepted."
            );
        }

        var shape = new long[dimensions];
        for (var index = shape.Length - 1; index >= 0; index--)
        {
            var size = cursor.UInt64();
            shape[index] = size <= long.MaxValue ? (long)size : -1;
        }

        var type = cursor.UInt32();
        var offset = cursor.UInt64();
        var elements = TensorRanges.Elements(gguf.Path, name, shape);
        var known = GgufTensorType.Of(type);
        var columns = shape[^1];
        if (columns % known.BlockSize != 0)
        {
            throw new InputException(
                $"'{gguf.Path}' is damaged: rows of tensor '{PrintableText.Short(name)}' have {columns} elements, which is no whole number of {known.Name} blocks of {known.BlockSize}."
            );
        }

        return new GgufTensor(
            name,
            shape,
            known,
            offset <= long.MaxValue ? (long)offset : long.MaxValue / 2,
            elements / known.BlockSize * known.BlockBytes
        );
    }
}
