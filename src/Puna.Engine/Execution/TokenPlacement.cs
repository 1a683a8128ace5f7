namespace Puna.Engine.Execution;

/// <summary>Where the new tokens of a ragged batch go: a slot in the tail of their sequence and a position.</summary>
internal static class TokenPlacement
{
    /// <summary>Reserves slots for every segment.</summary>
    /// <param name="segments">The batch.</param>
    /// <param name="firstTail">Receives, for each segment, the index in the tail of its first token.</param>
    /// <param name="positions">Receives the position of each token, in the order of the segments.</param>
    /// <exception cref="ArgumentOutOfRangeException">The segments do not bring as many tokens as there are positions.</exception>
    public static void Reserve(
        ReadOnlySpan<Segment> segments,
        Span<int> firstTail,
        Span<int> positions
    )
    {
        var row = 0;
        for (var index = 0; index < segments.Length; index++)
        {
            var count = segments[index].Tokens;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(row + count, positions.Length);
            firstTail[index] = Reserve(segments[index], positions.Slice(row, count));
            row += count;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(row, positions.Length);
    }

    private static int Reserve(Segment segment, Span<int> positions)
    {
        var sequence = segment.Sequence;
        if (!segment.Parents.IsEmpty)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(
                segment.Parents.Length,
                segment.Tokens,
                nameof(segment)
            );
            ArgumentOutOfRangeException.ThrowIfNotEqual(sequence.TailLength, 0, nameof(segment));
            PlaceNodes(sequence.LogicalLength, segment.Parents.Span, positions);
            return sequence.Reserve(positions);
        }

        var first = sequence.Reserve(segment.Tokens);
        for (var token = 0; token < positions.Length; token++)
        {
            positions[token] = sequence.TailPosition(first + token);
        }

        return first;
    }

    // A node of a draft tree lies at the next position plus its depth.
    private static void PlaceNodes(int next, ReadOnlySpan<int> parents, Span<int> positions)
    {
        for (var node = 0; node < parents.Length; node++)
        {
            positions[node] = parents[node] < 0 ? next : positions[parents[node]] + 1;
        }
    }
}
