namespace Puna.Engine.Cache;

/// <summary>
/// Which cells share a lane, decided once for a cache. Cells that always hold the same slots share one: all cells, or all
/// of the banks whose readers see one window. When heads drop slots of their own, each cell has a lane of its own. A lane has
/// a layout for each form of its blocks: form 0 grows slot by slot, the others are those that the policies seal blocks in.
/// </summary>
internal sealed class KvLayout
{
    private readonly KvLaneLayout[] _lanes;
    private readonly KvLaneLayout[][] _layouts;
    private readonly KvForm[] _forms;
    private readonly KvCacheShape _shape;
    private readonly int[][] _laneOf;
    private readonly int[][] _cellOf;

    /// <summary>Lays out a cache.</summary>
    /// <param name="shape">The banks.</param>
    /// <param name="policies">What becomes of them.</param>
    public KvLayout(KvCacheShape shape, KvPolicyChain policies)
    {
        _shape = shape;
        _forms =
        [
            new(bank => shape.Formats(bank).Keys, bank => shape.Formats(bank).Values),
            .. policies.Forms,
        ];
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
        _layouts = new KvLaneLayout[members.Count][];
        var pools = new List<KvLaneLayout>();
        for (var lane = 0; lane < _lanes.Length; lane++)
        {
            KvCell[] cells = [.. members[lane]];
            _layouts[lane] = new KvLaneLayout[_forms.Length];
            for (var form = 0; form < _forms.Length; form++)
            {
                var layout = new KvLaneLayout(shape, _forms[form], lane, cells, windows[lane]);
                layout.Pool = pools.FindIndex(layout.HasBlocksOf);
                if (layout.Pool < 0)
                {
                    layout.Pool = pools.Count;
                    pools.Add(layout);
                }

                _layouts[lane][form] = layout;
                RowBytes += layout.BlockBytes;
            }

            _lanes[lane] = _layouts[lane][0];
            BlockBytes += _lanes[lane].BlockBytes;
        }

        Pools = [.. pools];
    }

    /// <summary>Each cell has a lane of its own.</summary>
    public bool IsPerHead { get; }

    public ReadOnlySpan<KvLaneLayout> Lanes => _lanes;

    /// <summary>The forms that blocks can be sealed in; form i + 1 of a lane is the one at i.</summary>
    public ReadOnlySpan<KvForm> SealedForms => _forms.AsSpan(1);

    /// <summary>For each pool the first layout whose blocks it holds; the others' are alike.</summary>
    public KvLaneLayout[] Pools { get; }

    /// <summary>Native bytes of 32 tokens in all lanes.</summary>
    public long BlockBytes { get; }

    /// <summary>Native bytes of 32 tokens in all lanes while their blocks are sealed: one block of every form.</summary>
    public long RowBytes { get; }

    /// <summary>Layouts of a lane's blocks, one for each form.</summary>
    public KvLaneLayout[] Layouts(int lane) => _layouts[lane];

    /// <summary>Number of a form.</summary>
    /// <exception cref="ArgumentException">No policy of the cache declared it.</exception>
    public int NumberOf(KvForm form) =>
        Array.IndexOf(_forms, form, 1) is var number and > 0
            ? number
            : throw new ArgumentException(
                "No policy of this cache declared the form: a policy seals blocks in the forms that it lists.",
                nameof(form)
            );

    /// <summary>What a form is called in snapshots.</summary>
    public string[] DescribeForms() =>
        Array.ConvertAll(_forms[1..], form => form.Describe(_shape.Banks));

    /// <summary>
    /// One list of pages serves two banks of a lane: the bytes between their pages are the same for every head and place.
    /// Blocks of another form would lie at another distance.
    /// </summary>
    public bool ShareList(int bank, int other) =>
        bank == other || (_forms.Length == 1 && _shape.IsAlike(bank, other));

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
