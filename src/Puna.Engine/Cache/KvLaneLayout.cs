using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// Where the cells of a lane lie in its blocks: the pages of all cells for the same 32 slots, one after the other, keys
/// and values each at a multiple of 64 bytes, then one array of 32 positions.
/// </summary>
internal sealed class KvLaneLayout
{
    private const int Alignment = 64;
    private readonly KvCell[] _cells;
    private readonly KvPageFormat[] _keyFormats;
    private readonly KvPageFormat[] _valueFormats;
    private readonly long[] _keyOffsets;
    private readonly long[] _valueOffsets;
    private readonly int[] _keyBytes;
    private readonly int[] _valueBytes;

    /// <summary>Lays out a lane.</summary>
    /// <param name="shape">Widths of the banks.</param>
    /// <param name="form">How its blocks store each bank.</param>
    /// <param name="index">Which lane of a sequence it is.</param>
    /// <param name="cells">Its cells, in the order in which they lie.</param>
    /// <param name="window">Positions that any reader sees, its own included; 0 = all.</param>
    public KvLaneLayout(KvCacheShape shape, KvForm form, int index, KvCell[] cells, int window)
    {
        Shape = shape;
        Index = index;
        Window = window;
        _cells = cells;
        _keyFormats = new KvPageFormat[cells.Length];
        _valueFormats = new KvPageFormat[cells.Length];
        _keyOffsets = new long[cells.Length];
        _valueOffsets = new long[cells.Length];
        _keyBytes = new int[cells.Length];
        _valueBytes = new int[cells.Length];
        var offset = 0L;
        for (var cell = 0; cell < cells.Length; cell++)
        {
            var bank = cells[cell].Bank;
            var headDim = shape.Bank(bank).HeadDim;
            _keyFormats[cell] = form.Keys(bank);
            _valueFormats[cell] = form.Values(bank);
            _keyBytes[cell] = _keyFormats[cell].KeyBytes(headDim);
            _valueBytes[cell] = _valueFormats[cell].ValueBytes(headDim);
            _keyOffsets[cell] = offset;
            _valueOffsets[cell] = offset + Align(_keyBytes[cell]);
            offset = _valueOffsets[cell] + Align(_valueBytes[cell]);
            KeyBytesPerBlock += _keyBytes[cell];
            ValueBytesPerBlock += _valueBytes[cell];
        }

        PositionsOffset = offset;
        BlockBytes = Align(offset + KvPageRef.Slots * sizeof(int));
    }

    public KvCacheShape Shape { get; }

    public int Index { get; }

    public int Window { get; }

    /// <summary>Index of the pool that its blocks come from; lanes with blocks alike share one.</summary>
    public int Pool { get; set; }

    public ReadOnlySpan<KvCell> Cells => _cells;

    /// <summary>Native bytes of a block: payload, alignment and positions.</summary>
    public long BlockBytes { get; }

    public long KeyBytesPerBlock { get; }

    public long ValueBytesPerBlock { get; }

    public long PositionsOffset { get; }

    /// <summary>A block of one lane can serve the other, and counts the same.</summary>
    public bool HasBlocksOf(KvLaneLayout other) =>
        (BlockBytes, KeyBytesPerBlock, ValueBytesPerBlock)
        == (other.BlockBytes, other.KeyBytesPerBlock, other.ValueBytesPerBlock);

    // Asked for once for each page, head and layer of every token: kept, not computed.
    public long KeyOffset(int cell) => _keyOffsets[cell];

    public long ValueOffset(int cell) => _valueOffsets[cell];

    public KvPageFormat KeyFormat(int cell) => _keyFormats[cell];

    public KvPageFormat ValueFormat(int cell) => _valueFormats[cell];

    public int KeyBytes(int cell) => _keyBytes[cell];

    public int ValueBytes(int cell) => _valueBytes[cell];

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
