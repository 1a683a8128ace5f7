using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The part of a snapshot before its pages: identity (the salt as SHA-256 only), KV shape, lengths, token ids and
/// page table. Numbers are little-endian, texts are UTF-8 behind their length in bytes.
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

    /// <summary>Page table; Page is the index of the page in the file.</summary>
    public required KvPageEntry[] Entries { get; init; }

    public required int Pages { get; init; }

    public static byte[] HashSalt(string salt) => SHA256.HashData(Encoding.UTF8.GetBytes(salt));

    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        WriteText(writer, Identity.Model);
        WriteText(writer, Identity.Adapter);
        WriteText(writer, Identity.Rope);
        WriteText(writer, Identity.Policy);
        writer.Write(SaltHash);
        writer.Write(Shape.Banks);
        for (var bank = 0; bank < Shape.Banks; bank++)
        {
            writer.Write(Shape.Bank(bank).KvHeads);
            writer.Write(Shape.Bank(bank).HeadDim);
            WriteText(writer, Shape.Formats(bank).Keys.Id);
            WriteText(writer, Shape.Formats(bank).Values.Id);
        }

        writer.Write(LogicalLength);
        writer.Write(PhysicalLength);
        writer.Write(Tokens.Length);
        foreach (var token in Tokens)
        {
            writer.Write(token);
        }

        writer.Write(Pages);
        writer.Write(Entries.Length);
        foreach (var entry in Entries)
        {
            writer.Write(entry.Page);
            writer.Write(entry.Offset);
            writer.Write(entry.Valid);
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The header.</param>
    /// <param name="current">The cache's own shape: formats that it uses are known by their ids, as the built-in ones are.</param>
    /// <exception cref="InputException">It contradicts itself.</exception>
    public static KvSnapshotHeader Read(ReadOnlySpan<byte> bytes, KvCacheShape current)
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
        var banks = new KvBankShape[cursor.Count(4 * sizeof(int))];
        var formats = new KvFormatPair[banks.Length];
        for (var bank = 0; bank < banks.Length; bank++)
        {
            banks[bank] = new KvBankShape(cursor.Int32(), cursor.Int32());
            formats[bank] = new KvFormatPair(
                Format(cursor.Text(), current),
                Format(cursor.Text(), current)
            );
        }

        var (logical, physical) = (cursor.Int32(), cursor.Int32());
        var tokens = new int[cursor.Count(sizeof(int))];
        for (var index = 0; index < tokens.Length; index++)
        {
            tokens[index] = cursor.Int32();
        }

        var pages = cursor.Int32();
        var entries = new KvPageEntry[cursor.Count(3 * sizeof(int))];
        for (var index = 0; index < entries.Length; index++)
        {
            entries[index].Page = cursor.Int32();
            entries[index].Offset = cursor.Int32();
            entries[index].Valid = (uint)cursor.Int32();
        }

        cursor.End();
        var header = new KvSnapshotHeader
        {
            Identity = identity,
            SaltHash = saltHash,
            Shape = new KvCacheShape(banks, bank => formats[bank]),
            LogicalLength = logical,
            PhysicalLength = physical,
            Tokens = tokens,
            Entries = entries,
            Pages = pages,
        };
        header.Check();
        return header;
    }

    /// <summary>Checks the stored positions that an entry shows: they must lie before the next position.</summary>
    public void CheckPositions(KvPageEntry entry, ReadOnlySpan<int> positions)
    {
        for (var slot = 0; slot < positions.Length; slot++)
        {
            var position = (long)positions[slot] + entry.Offset;
            if ((entry.Valid >> slot & 1) != 0 && (position < 0 || position >= LogicalLength))
            {
                throw new InputException(
                    $"a page of it holds position {position}, where 0 to {LogicalLength - 1} are possible"
                );
            }
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var encoded = Encoding.UTF8.GetBytes(text);
        writer.Write(encoded.Length);
        writer.Write(encoded);
    }

    private static KvPageFormat Format(string id, KvCacheShape current)
    {
        for (var bank = 0; bank < current.Banks; bank++)
        {
            var (keys, values) = current.Formats(bank);
            if (keys.Id == id || values.Id == id)
            {
                return keys.Id == id ? keys : values;
            }
        }

        return KvPageFormats.Find(id)
            ?? throw new InputException(
                $"it names KV format '{PrintableText.Short(id)}', which is unknown"
            );
    }

    private void Check()
    {
        var physical = 0L;
        var seen = new bool[Math.Clamp(Pages, 0, Entries.Length)];
        foreach (var entry in Entries)
        {
            if (
                entry.Page < 0
                || entry.Page >= seen.Length
                || entry.Valid == 0
                || Math.Abs((long)entry.Offset) > KvSequence.LargestPosition
            )
            {
                throw new InputException("its page table is not possible");
            }

            physical += BitOperations.PopCount(entry.Valid);
            seen[entry.Page] = true;
        }

        if (
            Pages != seen.Length
            || seen.Contains(false)
            || physical != PhysicalLength
            || LogicalLength is < 0 or > KvSequence.LargestPosition
            || Entries.Select(entry => entry.Offset).Distinct().Take(MostOffsets + 1).Count()
                > MostOffsets
        )
        {
            throw new InputException("its lengths and its page table do not agree");
        }
    }
}
