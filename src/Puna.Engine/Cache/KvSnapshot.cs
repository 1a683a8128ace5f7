using System.Buffers.Binary;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// A sequence's cache in a file, so that a conversation goes on in another process without being computed again.
/// Layout: 8 bytes "PUNAKV" and the format version; header length, header and its CRC-32C; then each block once,
/// as it lies in memory, with a CRC-32C seeded by its index, so that blocks cannot trade places. A file is written
/// under a temporary name and renamed when it is whole; one that differs in a single bit is refused.
/// </summary>
public sealed class KvSnapshot
{
    private const int MagicBytes = 8;
    private const int CrcBytes = sizeof(uint);

    private KvSnapshot(KvSequence sequence, int[] tokens)
    {
        Sequence = sequence;
        Tokens = tokens;
    }

    /// <summary>The restored sequence; the caller disposes it.</summary>
    public KvSequence Sequence { get; }

    /// <summary>The token ids that were saved with it.</summary>
    public ReadOnlyMemory<int> Tokens { get; }

    // A change of the layout of KvPageLayout, KvCacheShape or the header raises the last digit.
    private static ReadOnlySpan<byte> Magic => "PUNAKV01"u8;

    /// <summary>Writes the committed tokens of a sequence to a file; an older file of that name is replaced at the end.</summary>
    /// <param name="sequence">The sequence; it must have no tail.</param>
    /// <param name="tokens">Ids of its tokens.</param>
    /// <param name="path">The file.</param>
    /// <param name="identity">What the keys and values were computed with, and for whom.</param>
    /// <returns>Bytes of the file.</returns>
    /// <exception cref="InputException">The file cannot be written; an older one is as it was.</exception>
    public static long Save(
        KvSequence sequence,
        ReadOnlySpan<int> tokens,
        string path,
        KvIdentity identity
    )
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentNullException.ThrowIfNull(identity);
        sequence.ThrowIfTail("be saved");
        var (header, blocks) = Describe(sequence, tokens, identity);
        var partial = path + ".partial";
        try
        {
            long length;
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write))
            {
                WritePart(stream, header);
                for (var index = 0; index < blocks.Count; index++)
                {
                    var bytes = sequence.Cache.Pool.Block(blocks[index]).Span;
                    stream.Write(bytes);
                    WriteUInt32(stream, Checksum.Of(bytes, (uint)index));
                }

                stream.Flush(flushToDisk: true);
                length = stream.Length;
            }

            File.Move(partial, path, overwrite: true);
            return length;
        }
        catch (Exception exception) when (IsFileFault(exception))
        {
            DeletePartial(partial);
            throw new InputException(
                $"The KV snapshot '{path}' cannot be written: {exception.Message.TrimEnd('.')}.",
                exception
            );
        }
    }

    /// <summary>Restores a sequence from a file.</summary>
    /// <param name="cache">The cache to restore it into; its shape must be the saved one.</param>
    /// <param name="path">The file.</param>
    /// <param name="identity">What this process computes with, and for whom; must equal what was saved.</param>
    /// <exception cref="InputException">
    /// The file is absent, damaged, or was saved with another model, adapter, policy, format or tenant.
    /// </exception>
    /// <exception cref="CacheFullException">There are no blocks for it.</exception>
    public static KvSnapshot Load(KvCache cache, string path, KvIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(identity);
        try
        {
            using var stream = Open(path);
            return Read(cache, stream, identity);
        }
        catch (CacheFullException)
        {
            throw;
        }
        catch (InputException exception)
        {
            throw new InputException(
                $"The KV snapshot '{path}' cannot be used: {exception.Message.TrimEnd('.')}.",
                exception
            );
        }
        catch (EndOfStreamException exception)
        {
            throw new InputException(
                $"The KV snapshot '{path}' cannot be used: it ends too early.",
                exception
            );
        }
        catch (IOException exception)
        {
            throw new InputException(
                $"The KV snapshot '{path}' cannot be read: {exception.Message.TrimEnd('.')}.",
                exception
            );
        }
    }

    /// <summary>Restores a sequence whose saved tokens must be the first ones of <paramref name="prompt"/>, id by id.</summary>
    /// <inheritdoc cref="Load(KvCache, string, KvIdentity)"/>
    public static KvSnapshot Load(
        KvCache cache,
        string path,
        KvIdentity identity,
        ReadOnlySpan<int> prompt
    )
    {
        var snapshot = Load(cache, path, identity);
        var saved = snapshot.Tokens.Span;
        var common = saved.CommonPrefixLength(prompt);
        if (common == saved.Length)
        {
            return snapshot;
        }

        snapshot.Sequence.Dispose();
        var found = common < prompt.Length ? $"has {prompt[common]} there" : "ends before it";
        throw new InputException(
            $"The KV snapshot '{path}' cannot be used: its token {common} is {saved[common]}, but the prompt {found}; a snapshot serves only prompts that start with all its {saved.Length} tokens."
        );
    }

    private static (byte[] Header, List<int> Blocks) Describe(
        KvSequence sequence,
        ReadOnlySpan<int> tokens,
        KvIdentity identity
    )
    {
        var table = sequence.Table;
        var blocks = new List<int>();
        var indices = new Dictionary<int, int>();
        var entries = new KvTableEntry[table.Count];
        for (var index = 0; index < entries.Length; index++)
        {
            entries[index] = table[index];
            if (indices.TryAdd(entries[index].Block, blocks.Count))
            {
                blocks.Add(entries[index].Block);
            }

            entries[index].Block = indices[entries[index].Block];
        }

        var header = new KvSnapshotHeader
        {
            Identity = identity,
            SaltHash = KvSnapshotHeader.HashSalt(identity.Salt),
            Shape = sequence.Cache.Shape,
            LogicalLength = sequence.LogicalLength,
            PhysicalLength = sequence.PhysicalLength,
            Tokens = tokens.ToArray(),
            Entries = entries,
            Blocks = blocks.Count,
        };
        return (header.Write(), blocks);
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception exception) when (IsFileFault(exception))
        {
            throw new InputException(exception.Message, exception);
        }
    }

    private static KvSnapshot Read(KvCache cache, FileStream stream, KvIdentity identity)
    {
        var header = KvSnapshotHeader.Read(ReadPart(stream));
        CheckIdentity(header, identity);
        if (!header.Shape.Matches(cache.Shape))
        {
            throw new InputException(
                $"it holds {header.Shape}, but this cache holds {cache.Shape}; use the model and the KV format that it was saved with"
            );
        }

        var expected = stream.Position + header.Blocks * (cache.Shape.BlockBytes + CrcBytes);
        if (stream.Length != expected)
        {
            throw new InputException($"it has {stream.Length} bytes where {expected} belong");
        }

        cache.Pool.EnsureFree(header.Blocks);
        var blocks = new int[header.Blocks];
        var rented = 0;
        var sequence = cache.CreateSequence(header.LogicalLength);
        var whole = false;
        try
        {
            for (; rented < blocks.Length; rented++)
            {
                blocks[rented] = cache.Pool.Rent();
            }

            for (var index = 0; index < blocks.Length; index++)
            {
                ReadBlock(stream, cache.Pool.Block(blocks[index]), index);
            }

            foreach (var entry in header.Entries)
            {
                var block = blocks[entry.Block];
                header.CheckPositions(entry, cache.Block(block).Positions.Span);
                cache.Pool.Retain(block);
                sequence.Adopt(entry with { Block = block });
            }

            sequence.EndAdoption(header.LogicalLength);
            whole = true;
            return new KvSnapshot(sequence, header.Tokens);
        }
        finally
        {
            // The table has references of its own by now.
            for (var index = 0; index < rented; index++)
            {
                cache.Pool.Release(blocks[index]);
            }

            if (!whole)
            {
                sequence.Dispose();
            }
        }
    }

    private static void CheckIdentity(KvSnapshotHeader header, KvIdentity identity)
    {
        CheckPart("model", header.Identity.Model, identity.Model);
        CheckPart("adapter", header.Identity.Adapter, identity.Adapter);
        CheckPart("rotary embedding", header.Identity.Rope, identity.Rope);
        CheckPart("KV policy", header.Identity.Policy, identity.Policy);
        if (!header.SaltHash.AsSpan().SequenceEqual(KvSnapshotHeader.HashSalt(identity.Salt)))
        {
            throw new InputException("it belongs to another tenant");
        }
    }

    private static void CheckPart(string name, string saved, string current)
    {
        if (saved != current)
        {
            throw new InputException(
                $"it was saved with {name} '{saved}', but this is '{current}'"
            );
        }
    }

    private static void ReadBlock(FileStream stream, NativeSpan<byte> block, int index)
    {
        stream.ReadExactly(block.Span);
        if (ReadUInt32(stream) != Checksum.Of(block.Span, (uint)index))
        {
            throw new InputException($"its block {index} is damaged");
        }
    }

    private static void WritePart(FileStream stream, byte[] header)
    {
        stream.Write(Magic);
        WriteUInt32(stream, (uint)header.Length);
        stream.Write(header);
        WriteUInt32(stream, Checksum.Of(header));
    }

    private static byte[] ReadPart(FileStream stream)
    {
        Span<byte> magic = stackalloc byte[MagicBytes];
        if (stream.ReadAtLeast(magic, MagicBytes, throwOnEndOfStream: false) < MagicBytes)
        {
            throw new InputException("it is too short to be one");
        }

        if (!magic.SequenceEqual(Magic))
        {
            throw new InputException(
                magic[..^2].SequenceEqual(Magic[..^2])
                    ? "it is of another format version"
                    : "it is no KV snapshot"
            );
        }

        var length = ReadUInt32(stream);
        if (length > stream.Length - stream.Position - CrcBytes || length > Array.MaxLength)
        {
            throw new InputException("it ends in its header");
        }

        var header = new byte[length];
        stream.ReadExactly(header);
        return ReadUInt32(stream) == Checksum.Of(header)
            ? header
            : throw new InputException("its header is damaged");
    }

    private static void WriteUInt32(FileStream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static uint ReadUInt32(FileStream stream)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        stream.ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    // EndOfStreamException is an IOException: a file that was cut while it was read.
    private static bool IsFileFault(Exception exception) =>
        exception
            is IOException
                or UnauthorizedAccessException
                or ArgumentException
                or NotSupportedException;

    private static void DeletePartial(string partial)
    {
        try
        {
            File.Delete(partial);
        }
        catch (Exception exception) when (IsFileFault(exception))
        {
            // What made the write fail may keep the file from being deleted; the first fault is the one to report.
        }
    }
}
