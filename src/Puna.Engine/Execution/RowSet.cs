using Puna.Kernels.Memory;

namespace Puna.Engine.Execution;

/// <summary>
/// Rows that a pass computes: how many there are, whose they are and where they stand. The tokens of the batch are one
/// set; a step that merges or adds rows makes another, and what it computes from there on belongs to that.
/// </summary>
internal sealed class RowSet : IDisposable
{
    private readonly NativeBuffer<int> _positions;
    private Segment[] _segments = [];
    private int[] _firstTail = [];
    private int _segmentCount;

    /// <summary>Makes room for at most <paramref name="maximum"/> rows.</summary>
    public RowSet(int maximum)
    {
        Maximum = maximum;
        _positions = new NativeBuffer<int>(maximum);
    }

    /// <summary>Most rows of a pass.</summary>
    public int Maximum { get; }

    /// <summary>Rows of this pass.</summary>
    public int Count { get; private set; }

    /// <summary>Position of each row, [<see cref="Count"/>].</summary>
    public NativeSpan<int> Positions => _positions.Span.Slice(0, Count);

    /// <summary>The sequences that the rows belong to, in the order of the rows.</summary>
    public ReadOnlySpan<Segment> Segments => _segments.AsSpan(0, _segmentCount);

    /// <summary>For each segment, the index in the tail of its sequence of its first row.</summary>
    public Span<int> FirstTail => _firstTail.AsSpan(0, _segmentCount);

    /// <summary>A pass begins; positions and tail indices are still to be set.</summary>
    public void Begin(int count, ReadOnlySpan<Segment> segments)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Maximum);
        if (_segments.Length < segments.Length)
        {
            var room = Math.Max(segments.Length, 2 * _segments.Length);
            _segments = new Segment[room];
            _firstTail = new int[room];
        }

        segments.CopyTo(_segments);
        _segmentCount = segments.Length;
        Count = count;
    }

    /// <summary>There are no rows: what was computed for the last ones is not to be used.</summary>
    public void Clear()
    {
        Count = 0;
        // A sequence that ended must not be kept alive by the pass it was last in.
        _segments.AsSpan(0, _segmentCount).Clear();
        _segmentCount = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _positions.Dispose();
}
