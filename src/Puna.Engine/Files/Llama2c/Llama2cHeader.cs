using System.Buffers.Binary;
using Puna.Engine.Files.Storage;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Llama2c;

/// <summary>
/// The header of a llama2.c checkpoint: seven int32 (dim, hidden, layers, heads, key/value heads, vocabulary,
/// context), alone (legacy) or behind a magic number and a version (1: f32; 2: int8 with one f32 scale a group).
/// </summary>
internal sealed record Llama2cHeader
{
    private const uint Magic = 0x616b3432;
    private const int LegacyLength = 28;
    private const int VersionedLength = 256;
    private const int LargestSize = 1 << 24;

    public required int Version { get; init; }

    public required int Dim { get; init; }

    public required int Hidden { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int Vocabulary { get; init; }

    public required int Context { get; init; }

    public required bool Tied { get; init; }

    /// <summary>Version 2: values that share a scale.</summary>
    public int GroupSize { get; init; }

    public int HeadDim => Dim / Heads;

    public int KvDim => KvHeads * HeadDim;

    /// <summary>Where the weights start.</summary>
    public int DataOffset => Version == 0 ? LegacyLength : VersionedLength;

    /// <summary>
    /// The header, or null when the file is no llama2.c checkpoint. A legacy file has no magic number: it is one when
    /// its seven numbers are sizes that fit each other and the file has exactly the bytes that they ask for.
    /// </summary>
    /// <exception cref="InputException">It is one, but damaged.</exception>
    public static Llama2cHeader? TryRead(InputFile file)
    {
        ReadOnlySpan<byte> start = file.Start(VersionedLength);
        if (start.Length < LegacyLength)
        {
            return null;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(start) == Magic)
        {
            return ReadVersioned(file, start);
        }

        var vocabulary = BinaryPrimitives.ReadInt32LittleEndian(start[20..]);
        var header = ReadSizes(start, 0) with
        {
            Vocabulary = vocabulary == int.MinValue ? 0 : Math.Abs(vocabulary),
            Tied = vocabulary > 0,
        };
        if (!header.Fits())
        {
            return null;
        }

        var asked = header.Length();
        if (asked == file.Length)
        {
            return header;
        }

        return file.Path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase)
            ? throw WrongLength(file, asked)
            : null;
    }

    /// <summary>Bytes of a file with this header.</summary>
    public long Length()
    {
        // In f64 first: sizes up to 2^24 each can overflow 64 bits in a product of four.
        var matrices =
            (double)Vocabulary * Dim * (Tied ? 1 : 2)
            + (double)Layers * ((double)Dim * (2L * Dim + 2L * KvDim) + 3.0 * Dim * Hidden);
        if (matrices > 1L << 56)
        {
            return long.MaxValue;
        }

        var elements =
            (long)Vocabulary * Dim * (Tied ? 1 : 2)
            + Layers * ((long)Dim * (2L * Dim + 2L * KvDim) + 3L * Dim * Hidden);
        var norms = (2L * Layers + 1) * Dim;
        return Version switch
        {
            0 => DataOffset + 4 * (elements + norms + (long)Context * HeadDim),
            1 => DataOffset + 4 * (elements + norms),
            _ => DataOffset + 4 * norms + elements + elements / GroupSize * 4,
        };
    }

    private static Llama2cHeader ReadVersioned(InputFile file, ReadOnlySpan<byte> start)
    {
        if (start.Length < VersionedLength)
        {
            throw new InputException(
                $"'{file.Path}' is cut off: a llama2.c header has {VersionedLength} bytes, the file {file.Length}."
            );
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(start[4..]);
        if (version is not (1 or 2))
        {
            throw new InputException(
                $"'{file.Path}' is a llama2.c checkpoint of version {version}; legacy files and versions 1 and 2 can be read."
            );
        }

        var header = ReadSizes(start[8..], version) with
        {
            Vocabulary = BinaryPrimitives.ReadInt32LittleEndian(start[28..]),
            Tied = start[36] != 0,
            GroupSize = version == 2 ? BinaryPrimitives.ReadInt32LittleEndian(start[37..]) : 0,
        };
        if (!header.Fits())
        {
            throw new InputException(
                $"'{file.Path}' is damaged: its llama2.c header states dim {header.Dim}, hidden {header.Hidden}, {header.Layers} layers, {header.Heads} heads, {header.KvHeads} key/value heads, vocabulary {header.Vocabulary}, context {header.Context}, which do not fit each other."
            );
        }

        if (version == 2 && !header.GroupsFit())
        {
            throw new InputException(
                $"'{file.Path}' is damaged: its group size {header.GroupSize} does not divide every matrix."
            );
        }

        var asked = header.Length();
        return asked == file.Length ? header : throw WrongLength(file, asked);
    }

    private static Llama2cHeader ReadSizes(ReadOnlySpan<byte> sizes, int version) =>
        new()
        {
            Version = version,
            Dim = BinaryPrimitives.ReadInt32LittleEndian(sizes),
            Hidden = BinaryPrimitives.ReadInt32LittleEndian(sizes[4..]),
            Layers = BinaryPrimitives.ReadInt32LittleEndian(sizes[8..]),
            Heads = BinaryPrimitives.ReadInt32LittleEndian(sizes[12..]),
            KvHeads = BinaryPrimitives.ReadInt32LittleEndian(sizes[16..]),
            Vocabulary = 0,
            Context = BinaryPrimitives.ReadInt32LittleEndian(sizes[24..]),
            Tied = false,
        };

    private static InputException WrongLength(InputFile file, long asked) =>
        new(
            asked == long.MaxValue
                ? $"'{file.Path}' is damaged: its llama2.c header asks for more bytes than any file has."
                : $"'{file.Path}' is cut off or damaged, or no llama2.c checkpoint: its header asks for {asked} bytes, the file has {file.Length}."
        );

    private bool Fits() =>
        Dim is > 0 and <= LargestSize
        && Hidden is > 0 and <= LargestSize
        && Layers is > 0 and <= 4096
        && Heads is > 0 and <= LargestSize
        && KvHeads is > 0 and <= LargestSize
        && Vocabulary is > 0 and <= LargestSize
        && Context is > 0 and <= LargestSize
        && Dim % Heads == 0
        && Heads % KvHeads == 0
        && HeadDim % 2 == 0;

    private bool GroupsFit() =>
        GroupSize > 0
        && (long)Vocabulary * Dim % GroupSize == 0
        && (long)Dim * Dim % GroupSize == 0
        && (long)Dim * KvDim % GroupSize == 0
        && (long)Dim * Hidden % GroupSize == 0;
}
