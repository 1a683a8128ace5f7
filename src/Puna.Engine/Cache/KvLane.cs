using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The cells (bank, head) of a sequence that always hold the same slots, and therefore share one table, one tail and one
/// pool of blocks. How many tokens a sequence has is its own business; how many of them it still holds is the lane's.
/// </summary>
internal sealed class KvLane
{
    // What a window has passed is kept for this many tokens more, so that a few can be taken back.
    private const int Slack = 4 * KvPageRef.Slots;

    internal KvLane(KvCache cache, KvLaneLayout layout, KvTable table)
    {
        Cache = cache;
        Layout = layout;
        Table = table;
        Tail = new KvTail(table);
    }

    /// <summary>Which lane of its sequence it is.</summary>
    public int Index => Layout.Index;

    /// <summary>The cells, in the order in which <see cref="KvEntry"/> numbers them.</summary>
    public ReadOnlySpan<KvCell> Cells => Layout.Cells;

    /// <summary>Widths and formats of the banks.</summary>
    public KvCacheShape Shape => Layout.Shape;

    /// <summary>Entries of the table, those of the tail included.</summary>
    public int Count => Table.Count;

    /// <summary>Committed slots held.</summary>
    public int PhysicalLength { get; internal set; }

    /// <summary>Positions below this were given up because no window reaches them any more; 0 = none.</summary>
    public int FirstPosition { get; internal set; }

    /// <summary>Exact bytes of the blocks held, and of the table.</summary>
    public KvBytes Bytes
    {
        get
        {
            var sum = KvCache.BytesOf(Layout, 0, 0, Table.Count);
            for (var index = 0; index < Table.Count; index++)
            {
                // The parts of a split block are neighbours: count it once.
                var block = Table[index].Reference;
                if (index > 0 && Table[index - 1].Reference == block)
                {
                    continue;
                }

                var own = 1;
                while (index + own < Table.Count && Table[index + own].Reference == block)
                {
                    own++;
                }

                var shared = Table.PoolOf(block.Form).References(block.Block) > own ? 1 : 0;
                sum += KvCache.BytesOf(Table.LayoutOf(block.Form), 1, shared, 0);
            }

            return sum;
        }
    }

    internal KvCache Cache { get; }

    internal KvLaneLayout Layout { get; }

    internal KvTable Table { get; }

    internal KvTail Tail { get; }

    /// <summary>An entry of the table.</summary>
    public KvEntry this[int entry]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(entry);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(entry, Count);
            return new KvEntry(this, entry);
        }
    }

    /// <summary>Width d of the heads of a cell.</summary>
    public int HeadDim(int cell) => Shape.Bank(Cells[cell].Bank).HeadDim;

    /// <summary>Drops the committed tokens at effective positions in [from, to) of this lane alone.</summary>
    /// <returns>The number of slots dropped.</returns>
    public int Drop(int from, int to)
    {
        ThrowIfTail();
        return Dropped(Table.Drop(from, to));
    }

    /// <summary>Drops the listed slots of this lane alone; entries left without a slot go, and the others move up.</summary>
    /// <param name="slots">[<see cref="Count"/>]: bit s of entry e drops its slot s.</param>
    /// <returns>The number of slots dropped.</returns>
    public int Drop(ReadOnlySpan<uint> slots)
    {
        ThrowIfTail();
        ArgumentOutOfRangeException.ThrowIfNotEqual(slots.Length, Count, nameof(slots));
        return Dropped(Table.Drop(slots));
    }

    /// <summary>
    /// Moves what is left of the blocks together, bit for bit, so that it takes as few as it can: dropping scattered slots
    /// gives memory back only then. Positions and offsets do not change. Sealed blocks stay as they are.
    /// </summary>
    /// <exception cref="CacheFullException">A shared block had to be copied and there is no room; every slot is still held.</exception>
    public void Pack()
    {
        ThrowIfTail();
        Table.Pack();
    }

    internal KvLane Share() =>
        new(Cache, Layout, Table.Share())
        {
            PhysicalLength = PhysicalLength,
            FirstPosition = FirstPosition,
        };

    /// <summary>
    /// Gives up the blocks that no query from position <paramref name="next"/> on can see, and none that
    /// <see cref="Slack"/> fewer tokens would need. Only whole chunks of the attention kernel go, so that the pages that
    /// stay are summed as if the others were still there.
    /// </summary>
    internal void GiveUpPassed(int next)
    {
        if (Layout.Window == 0)
        {
            return;
        }

        var needed = next - Layout.Window + 1 - Slack;
        const int Chunk = PagedAttention.ChunkPages;
        var entries = 0;
        var passed = 0;
        while (
            entries + Chunk < Table.Count
            && LastPosition(entries, Chunk) is var last
            && last < needed
        )
        {
            entries += Chunk;
            passed = last + 1;
        }

        if (entries > 0)
        {
            FirstPosition = passed;
            PhysicalLength -= Table.DropFirst(entries);
        }
    }

    /// <summary>True when a query at this position sees nothing that was given up.</summary>
    internal bool CanContinueAt(int position) =>
        FirstPosition == 0 || position - Layout.Window + 1 >= FirstPosition;

    // What is not as it was appended is never given up: its positions say nothing about those before it.
    private int LastPosition(int first, int count)
    {
        var last = 0;
        for (var index = first; index < first + count; index++)
        {
            ref readonly var entry = ref Table[index];
            var here =
                entry.Valid == uint.MaxValue && entry.Offset == 0
                    ? Table.Positions(entry)[KvPageRef.Slots - 1]
                    : KvSequence.LargestPosition;
            last = Math.Max(last, here);
        }

        return last;
    }

    private int Dropped(int slots)
    {
        PhysicalLength -= slots;
        return slots;
    }

    private void ThrowIfTail()
    {
        if (Tail.Length > 0)
        {
            throw new InvalidOperationException(
                $"A lane with {Tail.Length} uncommitted tokens cannot drop or pack committed ones: commit or truncate them first."
            );
        }
    }
}
