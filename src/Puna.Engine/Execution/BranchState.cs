namespace Puna.Engine.Execution;

/// <summary>A state of a fixed size of one branch: what an operation holds to reach it in every sequence of a batch.</summary>
/// <param name="Number">Index among the fixed states of the plan.</param>
/// <param name="Floats">Length in f32 numbers.</param>
internal sealed record BranchState(int Number, int Floats)
{
    /// <summary>The state along the rows of a segment. Different segments and states may be worked on at once.</summary>
    /// <param name="rows">The rows of the batch's tokens.</param>
    /// <param name="segment">Index of the segment.</param>
    /// <exception cref="ArgumentException">The sequence lies in a cache that was not made for the plan.</exception>
    public SegmentState Of(RowSet rows, int segment)
    {
        ref readonly var whose = ref rows.Segments[segment];
        var states = whose.Sequence.FixedStates;
        var shapes = whose.Sequence.Cache.Shape.States;
        if (states is null || Number >= shapes.Length || shapes[Number].Floats != Floats)
        {
            throw new ArgumentException(
                $"The plan keeps a state of {Floats} numbers as its number {Number}, but the sequence lies in a cache of {whose.Sequence.Cache.Shape}; make the cache's shape of the plan."
            );
        }

        return new SegmentState(
            states,
            Number,
            rows.FirstTail[segment],
            whose.Tokens,
            whose.Parents
        );
    }
}
