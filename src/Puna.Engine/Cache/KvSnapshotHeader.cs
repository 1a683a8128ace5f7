using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The part of a snapshot before its blocks: identity (the salt as SHA-256 only), KV shape, lengths, token ids and
/// table. Numbers are little-endian, texts are UTF-8 behind their length in bytes.
/// </summary>
internal sealed class KvSnapshotHeader
{
    // Each distinct offset costs a rotated copy of the queries; no honest file comes near.
    private const int MostOffsets = 1024;

    public required KvIdentity Identity { get; init; }

    public required byte[] SaltHash { get; init; }

    public required KvCacheShape Shape { get; init; }

    public required int LogicalLength { get; init; }

    public required int PhysicalLength { get; init; }

    public required int[] Tokens { get; init; }

    /// <summary>Page table; Block is the index of the block in the file.</summary>
    public required KvTableEntry[] Entries { get; init; }

    public required int Blocks { get; init; }

    public static byte[] HashSalt(string salt) => SHA256.HashData(Encoding.UTF8.GetBytes(salt));

    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        foreach (
            var text in (ReadOnlySpan<string>)
                [Identity.Model, Identity.Adapter, Identity.Rope, Identity.Policy]
        )
        {
            var encoded = Encoding.UTF8.GetBytes(text);
            writer.Write(encoded.Length);
            writer.Write(encoded);
        }

        writer.Write(SaltHash);
        writer.Write((int)Shape.KeyFormat);
        writer.Write((int)Shape.ValueFormat);
        writer.Write(Shape.Banks);
        for (var bank = 0; bank < Shape.Banks; bank++)
        {
            writer.Write(Shape.Bank(bank).KvHeads);
            writer.Write(Shape.Bank(bank).HeadDim);
        }

        writer.Write(LogicalLength);
        writer.Write(PhysicalLength);
        writer.Write(Tokens.Length);
        foreach (var token in Tokens)
        {
            writer.Write(token);
        }

        writer.Write(Blocks);
        writer.Write(Entries.Length);
        foreach (var entry in Entries)
        {
            writer.Write(entry.Block);
            writer.Write(entry.Offset);
            writer.Write(entry.Valid);
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="InputException">It contradicts itself.</exception>
    public static KvSnapshotHeader Read(ReadOnlySpan<byte> bytes)
    {
        var cursor = new SnapshotCursor(bytes);
        var identity = new KvIdentity(
            cursor.Text(),
            cursor.Text(),
            cursor.Text(),
            cursor.Text(),
            Salt: ""
        );
        var saltHash = cursor.Bytes(SHA256.HashSizeInBytes).ToArray();
        var (keyFormat, valueFormat) = (Format(cursor.Int32()), Format(cursor.Int32()));
        var banks = new KvBankShape[cursor.Count(2 * sizeof(int))];
        for (var bank = 0; bank < banks.Length; bank++)
        {
            banks[bank] = new KvBankShape(cursor.Int32(), cursor.Int32());
        }

        var (logical, physical) = (cursor.Int32(), cursor.Int32());
        var tokens = new int[cursor.Count(sizeof(int))];
        for (var index = 0; index < tokens.Length; index++)
        {
            tokens[index] = cursor.Int32();
        }

        var blocks = cursor.Int32();
        var entries = new KvTableEntry[cursor.Count(3 * sizeof(int))];
        for (var index = 0; index < entries.Length; index++)
        {
            entries[index].Block = cursor.Int32();
            entries[index].Offset = cursor.Int32();
            entries[index].Valid = (uint)cursor.Int32();
        }

        cursor.End();
        var header = new KvSnapshotHeader
        {
            Identity = identity,
            SaltHash = saltHash,
            Shape = new KvCacheShape(banks, keyFormat, valueFormat),
            LogicalLength = logical,
            PhysicalLength = physical,
            Tokens = tokens,
            Entries = entries,
            Blocks = blocks,
        };
        header.Check();
        return header;
    }

    /// <summary>Checks the stored positions that an entry shows: they must lie before the next position.</summary>
    public void CheckPositions(KvTableEntry entry, ReadOnlySpan<int> positions)
    {
        for (var slot = 0; slot < positions.Length; slot++)
        {
            var position = (long)positions[slot] + entry.Offset;
            if ((entry.Valid >> slot & 1) != 0 && (position < 0 || position >= LogicalLength))
            {
                throw new InputException(
                    $"a block of it holds position {position}, where 0 to {LogicalLength - 1} are possible"
                );
            }
        }
    }

    private static KvFormat Format(int value) =>
        Enum.IsDefined((KvFormat)value)
            ? (KvFormat)value
            : throw new InputException($"it names KV format {value}, which is unknown");

    private void Check()
    {
        var physical = 0L;
        var seen = new bool[Math.Clamp(Blocks, 0, Entries.Length)];
        foreach (var entry in Entries)
        {
            if (
                entry.Block < 0
                || entry.Block >= seen.Length
                || entry.Valid == 0
                || Math.Abs((long)entry.Offset) > KvSequence.LargestPosition
            )
            {
                throw new InputException("its table is not possible");
            }

            physical += BitOperations.PopCount(entry.Valid);
            seen[entry.Block] = true;
        }

        if (
            Blocks != seen.Length
            || seen.Contains(false)
            || physical != PhysicalLength
            || LogicalLength is < 0 or > KvSequence.LargestPosition
            || Entries.Select(entry => entry.Offset).Distinct().Take(MostOffsets + 1).Count()
                > MostOffsets
        )
        {
            throw new InputException("its lengths and its table do not agree");
        }
    }
}
