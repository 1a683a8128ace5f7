using System.Buffers.Binary;
using Puna.Engine.Files.Writing;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// A sequence's cache in a stream or a file, so that a conversation goes on in another process without being computed
/// again. Layout: 8 bytes "PUNAKV" and the format version; header length, header and its CRC-32C; then, lane by lane, each
/// block once, as it lies in memory, with a CRC-32C seeded by its number, so that blocks cannot trade places; then, as
/// further blocks, the committed states of a fixed size. A file is
/// written under a temporary name and renamed when it is whole; one that differs in a single bit is refused.
/// </summary>
internal sealed class KvSnapshot
{
    private const int MagicBytes = 8;

    // A header is read in pieces: one that announces more than there is takes no memory for it.
    private const int HeaderPiece = 1 << 20;

    private KvSnapshot(KvSequence sequence, int[] tokens)
    {
        Sequence = sequence;
        Tokens = tokens;
    }

    /// <summary>The restored sequence; the caller disposes it.</summary>
    public KvSequence Sequence { get; }

    /// <summary>The token ids that were saved with it.</summary>
    public ReadOnlyMemory<int> Tokens { get; }

    // A change of the layout of a page format, of KvLaneLayout or of the header raises the last digit.
    private static ReadOnlySpan<byte> Magic => "PUNAKV03"u8;

    /// <summary>Writes the committed tokens of a sequence to a stream, at its place; it is left open.</summary>
    /// <param name="sequence">The sequence; it must have no tail.</param>
    /// <param name="tokens">Ids of its tokens.</param>
    /// <param name="stream">Receives them.</param>
    /// <param name="identity">What the keys and values were computed with, and for whom.</param>
    /// <returns>Bytes written.</returns>
    public static long Save(
        KvSequence sequence,
        ReadOnlySpan<int> tokens,
        Stream stream,
        KvIdentity identity
    )
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(identity);
        sequence.ThrowIfTail("be saved");
        sequence.ThrowIfGap("be saved");
        var (header, blocks) = Describe(sequence, tokens, identity);
        var bytes = WritePart(stream, header);
        var number = 0u;
        for (var lane = 0; lane < blocks.Length; lane++)
        {
            foreach (var block in blocks[lane])
            {
                var pool = sequence.Lanes[lane].Table.PoolOf(block.Form);
                var content = pool.Block(block.Block).Span;
                stream.Write(content);
                WriteUInt32(stream, Checksum.Of(content, number++));
                bytes += content.Length + sizeof(uint);
            }
        }

        for (var state = 0; state < sequence.Cache.Shape.States.Length; state++)
        {
            var content = sequence.FixedStates!.Committed(state).Cast<byte>().Span;
            stream.Write(content);
            WriteUInt32(stream, Checksum.Of(content, number++));
            bytes += content.Length + sizeof(uint);
        }

        return bytes;
    }

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
        var ids = tokens.ToArray();
        long bytes = 0;
        using var files = new StagedFiles();
        files.Write(path, stream => bytes = Save(sequence, ids, stream, identity));
        files.Commit();
        return bytes;
    }

    /// <summary>Restores a sequence from a stream, which is left behind its last byte.</summary>
    /// <param name="cache">The cache to restore it into; its shape must be the saved one.</param>
    /// <param name="stream">What was saved.</param>
    /// <param name="identity">What this process computes with, and for whom; must equal what was saved.</param>
    /// <exception cref="InputException">
    /// It is damaged, or was saved with another model, adapter, policy, format or tenant.
    /// </exception>
    /// <exception cref="CacheFullException">There are no blocks for it.</exception>
    public static KvSnapshot Load(KvCache cache, Stream stream, KvIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Guarded("The KV snapshot", () => Read(cache, stream, identity));
    }

    /// <summary>Restores a sequence from a file.</summary>
    /// <param name="cache">The cache to restore it into; its shape must be the saved one.</param>
    /// <param name="path">The file.</param>
    /// <param name="identity">What this process computes with, and for whom; must equal what was saved.</param>
    /// <exception cref="InputException">
    /// The file is absent, damaged, or was saved with another model, adapter, policy, format or tenant.
    /// </exception>
    /// <exception cref="CacheFullException">There are no blocks for it.</exception>
    public static KvSnapshot Load(KvCache cache, string path, KvIdentity identity) =>
        Guarded(
            $"The KV snapshot '{path}'",
            () =>
            {
                using var stream = Open(path);
                var snapshot = Read(cache, stream, identity);
                if (stream.ReadByte() >= 0)
                {
                    snapshot.Sequence.Dispose();
                    throw new InputException("there are bytes behind its end");
                }

                return snapshot;
            }
        );

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

    private static (byte[] Header, List<KvBlockRef>[] Blocks) Describe(
        KvSequence sequence,
        ReadOnlySpan<int> tokens,
        KvIdentity identity
    )
    {
        var lanes = new KvSnapshotLane[sequence.Lanes.Length];
        var blocks = new List<KvBlockRef>[lanes.Length];
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            var table = sequence.Lanes[lane].Table;
            var indices = new Dictionary<KvBlockRef, int>();
            var entries = new KvTableEntry[table.Count];
            blocks[lane] = [];
            for (var index = 0; index < entries.Length; index++)
            {
                entries[index] = table[index];
                var block = entries[index].Reference;
                if (indices.TryAdd(block, blocks[lane].Count))
                {
                    blocks[lane].Add(block);
                }

                entries[index].Block = indices[block];
            }

            var first = sequence.Lanes[lane].FirstPosition;
            lanes[lane] = new KvSnapshotLane(first, blocks[lane].Count, entries);
        }

        var header = new KvSnapshotHeader
        {
            Identity = identity,
            SaltHash = KvSnapshotHeader.HashSalt(identity.Salt),
            Shape = sequence.Cache.Shape,
            Forms = sequence.Cache.Layout.DescribeForms(),
            LogicalLength = sequence.LogicalLength,
            Tokens = tokens.ToArray(),
            States = [.. sequence.States.ToArray().Select(StateBytes)],
            Lanes = lanes,
        };
        return (header.Write(), blocks);
    }

    private static byte[] StateBytes(KvPolicyState? state)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        state?.Save(writer);
        writer.Flush();
        return bytes.ToArray();
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

    private static KvSnapshot Guarded(string name, Func<KvSnapshot> load)
    {
        try
        {
            return load();
        }
        catch (CacheFullException)
        {
            throw;
        }
        catch (InputException exception)
        {
            throw new InputException(
                $"{name} cannot be used: {exception.Message.TrimEnd('.')}.",
                exception
            );
        }
        catch (EndOfStreamException exception)
        {
            throw new InputException($"{name} cannot be used: it ends too early.", exception);
        }
        catch (IOException exception)
        {
            throw new InputException(
                $"{name} cannot be read: {exception.Message.TrimEnd('.')}.",
                exception
            );
        }
    }

    private static KvSnapshot Read(KvCache cache, Stream stream, KvIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(identity);
        var header = KvSnapshotHeader.Read(ReadPart(stream), cache.Shape);
        header.CheckIdentity(identity);
        if (!header.Shape.Matches(cache.Shape))
        {
            throw new InputException(
                $"it holds {header.Shape}, but this cache holds {cache.Shape}; use the model and the KV format that it was saved with"
            );
        }

        if (!header.Forms.AsSpan().SequenceEqual(cache.Layout.DescribeForms()))
        {
            throw new InputException(
                $"its sealed blocks are stored as [{PrintableText.Short(string.Join("; ", header.Forms))}], but this cache's as [{string.Join("; ", cache.Layout.DescribeForms())}]; use the KV policy that it was saved with"
            );
        }

        if (header.Lanes.Length != cache.Layout.Lanes.Length)
        {
            throw new InputException(
                $"it has {header.Lanes.Length} tables, but this cache keeps {cache.Layout.Lanes.Length} for a sequence; use the KV policy that it was saved with"
            );
        }

        var sequence = cache.CreateSequence(header.LogicalLength);
        var whole = false;
        try
        {
            var number = 0u;
            for (var lane = 0; lane < header.Lanes.Length; lane++)
            {
                ReadLane(stream, header, sequence, lane, ref number);
            }

            for (var state = 0; state < cache.Shape.States.Length; state++)
            {
                ReadBlock(stream, sequence.FixedStates!.Committed(state).Cast<byte>(), number++);
            }

            sequence.EndAdoption(header.LogicalLength);
            header.RestoreStates(sequence);
            whole = true;
            return new KvSnapshot(sequence, header.Tokens);
        }
        finally
        {
            if (!whole)
            {
                sequence.Dispose();
            }
        }
    }

    private static void ReadLane(
        Stream stream,
        KvSnapshotHeader header,
        KvSequence sequence,
        int lane,
        ref uint number
    )
    {
        var saved = header.Lanes[lane];
        var table = sequence.Lanes[lane].Table;
        var blocks = new List<KvBlockRef>();
        try
        {
            foreach (var form in saved.FormsOfBlocks())
            {
                var pool = table.PoolOf(form);
                blocks.Add(new KvBlockRef(pool.Rent(), form));
                ReadBlock(stream, pool.Block(blocks[^1].Block), number++);
            }

            foreach (var entry in saved.Entries)
            {
                var block = blocks[entry.Block];
                header.CheckPositions(entry, table.Block(block).Positions.Span);
                table.PoolOf(block.Form).Retain(block.Block);
                sequence.Adopt(lane, entry with { Block = block.Block });
            }

            sequence.Lanes[lane].FirstPosition = saved.FirstPosition;
        }
        finally
        {
            // The table has references of its own by now.
            blocks.ForEach(table.Release);
        }
    }

    private static void ReadBlock(Stream stream, NativeSpan<byte> block, uint number)
    {
        stream.ReadExactly(block.Span);
        if (ReadUInt32(stream) != Checksum.Of(block.Span, number))
        {
            throw new InputException($"its block {number} is damaged");
        }
    }

    private static long WritePart(Stream stream, byte[] header)
    {
        stream.Write(Magic);
        WriteUInt32(stream, (uint)header.Length);
        stream.Write(header);
        WriteUInt32(stream, Checksum.Of(header));
        return MagicBytes + sizeof(uint) + header.Length + sizeof(uint);
    }

    private static byte[] ReadPart(Stream stream)
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
        if (length > Array.MaxLength)
        {
            throw new InputException("its header is too long to be one");
        }

        var header = new byte[Math.Min(length, HeaderPiece)];
        for (var read = 0; read < length; )
        {
            if (read == header.Length)
            {
                Array.Resize(ref header, (int)Math.Min(length, 2L * header.Length));
            }

            stream.ReadExactly(header.AsSpan(read));
            read = header.Length;
        }

        return ReadUInt32(stream) == Checksum.Of(header)
            ? header
            : throw new InputException("its header is damaged");
    }

    private static void WriteUInt32(Stream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static uint ReadUInt32(Stream stream)
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
}
