using Puna.Engine.Cache;
using Puna.Kernels.Memory;

namespace Puna.Engine.Execution;

/// <summary>
/// One state of a branch along the rows of one segment. For each row in order an operation reads the state
/// <see cref="Before"/> it and writes the whole state <see cref="After"/> it, or says that it is <see cref="Unchanged"/>. Where
/// rows only stay together, both may be one memory: what is read is then gone once it is written.
/// </summary>
internal readonly struct SegmentState
{
    private readonly FixedStates _states;
    private readonly int _state;
    private readonly int _firstTail;
    private readonly ReadOnlyMemory<int> _parents;

    public SegmentState(
        FixedStates states,
        int state,
        int firstTail,
        int rows,
        ReadOnlyMemory<int> parents
    )
    {
        _states = states;
        _state = state;
        _firstTail = firstTail;
        Rows = rows;
        _parents = parents;
    }

    /// <summary>Rows of the segment.</summary>
    public int Rows { get; }

    /// <summary>The state after the last committed token; zeros in an empty sequence.</summary>
    public NativeSpan<float> Committed => _states.Committed(_state);

    /// <summary>
    /// The row of the segment that a row follows. Below 0: it follows what was there before the segment, which are committed
    /// tokens or a tail.
    /// </summary>
    public int Parent(int row) => _parents.IsEmpty ? row - 1 : _parents.Span[row];

    /// <summary>The state that a row finds: that after its parent.</summary>
    public NativeSpan<float> Before(int row) =>
        TailParent(row) is var token and >= 0 ? _states.Tail(_state, token) : Committed;

    /// <summary>The state that a row leaves. Holds anything until it is written, or the state before the row.</summary>
    public NativeSpan<float> After(int row) => _states.Tail(_state, _firstTail + row);

    /// <summary>The row leaves the state as it finds it: nothing is copied. <see cref="After"/> must not be written for it.</summary>
    public void Unchanged(int row) => _states.Share(_state, _firstTail + row, TailParent(row));

    // Index in the tail of the parent, -1 for the last committed token. A tree is always the whole tail.
    private int TailParent(int row) => _parents.IsEmpty ? _firstTail + row - 1 : _parents.Span[row];
}
