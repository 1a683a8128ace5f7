using Puna.Engine.Linear;
using Puna.Kernels.Memory;
using Puna.Kernels.Rope;

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
    private AdapterRun[] _adapters = [];
    private int _adapterCount;
    private int[]? _source;

    /// <summary>Makes room for at most <paramref name="maximum"/> rows.</summary>
    /// <param name="maximum">Most rows of a pass.</param>
    /// <param name="angles">Rotations of the rows, which the set owns; null where no head of theirs is rotated.</param>
    public RowSet(int maximum, RotaryAngles? angles = null)
    {
        Maximum = maximum;
        Angles = angles;
        _positions = new NativeBuffer<int>(maximum);
    }

    /// <summary>Most rows of a pass.</summary>
    public int Maximum { get; }

    /// <summary>Rows of this pass.</summary>
    public int Count { get; private set; }

    /// <summary>Rotations by the positions, after <see cref="Place"/>.</summary>
    public RotaryAngles? Angles { get; }

    /// <summary>Position of each row, [<see cref="Count"/>].</summary>
    public NativeSpan<int> Positions => _positions.Span.Slice(0, Count);

    /// <summary>The sequences that the rows belong to, in the order of the rows.</summary>
    public ReadOnlySpan<Segment> Segments => _segments.AsSpan(0, _segmentCount);

    /// <summary>For each segment, the index in the tail of its sequence of its first row.</summary>
    public Span<int> FirstTail => _firstTail.AsSpan(0, _segmentCount);

    /// <summary>Rows that run with adapters: neighbours of one set are one run. Rows without are in none.</summary>
    public ReadOnlySpan<AdapterRun> Adapters => _adapters.AsSpan(0, _adapterCount);

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
        BeginAdapters();
    }

    /// <summary>The positions are set: makes the rotations.</summary>
    public void Place() => Angles?.Prepare(Positions.Span);

    /// <summary>
    /// A pass goes on with some rows of another set alone: their positions and sequences are the same. Queries among them
    /// may attend; keys and values of the other rows are written already.
    /// </summary>
    /// <param name="source">The set of all rows.</param>
    /// <param name="rows">Rows of it that stay, ascending. Of a draft tree or a block all or none.</param>
    /// <exception cref="ArgumentException">A tree or block is torn.</exception>
    public void Take(RowSet source, ReadOnlySpan<int> rows)
    {
        Begin(rows.Length, source.Segments);
        _source ??= new int[Maximum];
        rows.CopyTo(_source);
        var (start, taken) = (0, 0);
        for (var index = 0; index < _segmentCount; index++)
        {
            var end = start + source.Segments[index].Tokens;
            var first = taken;
            for (; taken < rows.Length && rows[taken] < end; taken++)
            {
                Positions[taken] = source.Positions[rows[taken]];
            }

            var segment = source.Segments[index];
            if (taken - first is var left && left > 0 && left < segment.Tokens)
            {
                // What their tokens see is said for all of them at once.
                if (segment.IsBlock || !segment.Parents.IsEmpty)
                {
                    throw new ArgumentException(
                        $"{left} of the {segment.Tokens} tokens of a {(segment.IsBlock ? "block" : "draft tree")} were to be computed on; all or none can.",
                        nameof(rows)
                    );
                }
            }

            _segments[index] = segment with { Tokens = left };
            start = end;
        }

        BeginAdapters();
        Place();
    }

    /// <summary>The row that computes what became of a token of the batch.</summary>
    /// <exception cref="ArgumentException">The pass went on without that token.</exception>
    public int RowOf(int token)
    {
        var row = _source is null ? token : Array.BinarySearch(_source, 0, Count, token);
        return row >= 0 && row < Count
            ? row
            : throw new ArgumentException(
                $"Token {token} was asked of a pass that computed {Count} rows to the end and not that one.",
                nameof(token)
            );
    }

    /// <summary>There are no rows: what was computed for the last ones is not to be used.</summary>
    public void Clear()
    {
        Count = 0;
        // A sequence that ended must not be kept alive by the pass it was last in.
        _segments.AsSpan(0, _segmentCount).Clear();
        _segmentCount = 0;
    }

    private void BeginAdapters()
    {
        _adapterCount = 0;
        var row = 0;
        foreach (ref readonly var segment in Segments)
        {
            if (segment.Adapters is { } set && segment.Tokens > 0)
            {
                Add(set, row, segment.Tokens);
            }

            row += segment.Tokens;
        }
    }

    private void Add(AdapterSet set, int row, int rows)
    {
        if (_adapterCount > 0)
        {
            ref var last = ref _adapters[_adapterCount - 1];
            if (last.Adapters == set && last.FirstRow + last.Rows == row)
            {
                last = last with { Rows = last.Rows + rows };
                return;
            }
        }

        if (_adapterCount == _adapters.Length)
        {
            Array.Resize(ref _adapters, Math.Max(4, 2 * _adapterCount));
        }

        _adapters[_adapterCount++] = new AdapterRun(set, row, rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Angles?.Dispose();
        _positions.Dispose();
    }
}
