namespace Puna.Engine.Cache;

/// <summary>
/// Which cells share a lane, decided once for a cache. Cells that always hold the same slots share one: all cells, or all
/// of the banks whose readers see one window. When heads drop slots of their own, each cell has a lane of its own.
/// </summary>
internal sealed class KvLayout
{
    private readonly KvLaneLayout[] _lanes;
    private readonly int[][] _laneOf;
    private readonly int[][] _cellOf;

    /// <summary>Lays out a cache.</summary>
    /// <param name="shape">The banks.</param>
    /// <param name="policies">What becomes of them.</param>
    public KvLayout(KvCacheShape shape, KvPolicyChain policies)
    {
        IsPerHead = (policies.Effects & KvEffects.PerHead) != 0;
        _laneOf = new int[shape.Banks][];
        _cellOf = new int[shape.Banks][];
        var members = new List<List<KvCell>>();
        var windows = new List<int>();
        for (var bank = 0; bank < shape.Banks; bank++)
        {
            var heads = shape.Bank(bank).KvHeads;
            // A policy that moves slots or asks for all of them keeps what a window would give up.
            var window = policies.KeepsSlots ? 0 : shape.Bank(bank).Window;
            (_laneOf[bank], _cellOf[bank]) = (new int[heads], new int[heads]);
            for (var head = 0; head < heads; head++)
            {
                var lane = IsPerHead ? -1 : windows.IndexOf(window);
                if (lane < 0)
                {
                    lane = windows.Count;
                    windows.Add(window);
                    members.Add([]);
                }

                (_laneOf[bank][head], _cellOf[bank][head]) = (lane, members[lane].Count);
                members[lane].Add(new KvCell(bank, head));
            }
        }

        _lanes = new KvLaneLayout[members.Count];
        var pools = new List<KvLaneLayout>();
        for (var lane = 0; lane < _lanes.Length; lane++)
        {
            var layout = new KvLaneLayout(shape, lane, [.. members[lane]], windows[lane]);
            layout.Pool = pools.FindIndex(layout.HasBlocksOf);
            if (layout.Pool < 0)
            {
                layout.Pool = pools.Count;
                pools.Add(layout);
            }

            _lanes[lane] = layout;
            BlockBytes += layout.BlockBytes;
        }

        Pools = [.. pools];
    }

    /// <summary>Each cell has a lane of its own.</summary>
    public bool IsPerHead { get; }

    public ReadOnlySpan<KvLaneLayout> Lanes => _lanes;

    /// <summary>For each pool the first lane whose blocks it holds; the others' are alike.</summary>
    public KvLaneLayout[] Pools { get; }

    /// <summary>Native bytes of 32 tokens in all lanes.</summary>
    public long BlockBytes { get; }

    public int LaneOf(int bank, int head) => _laneOf[bank][head];

    /// <summary>Index of a cell in its lane.</summary>
    public int CellOf(int bank, int head) => _cellOf[bank][head];

    /// <summary>
    /// Bytes from the pages of one bank to those of another of the same shape and lane, the same for every head and place.
    /// </summary>
    public long Distance(int from, int to) =>
        _lanes[LaneOf(to, 0)].KeyOffset(CellOf(to, 0))
        - _lanes[LaneOf(from, 0)].KeyOffset(CellOf(from, 0));
}
