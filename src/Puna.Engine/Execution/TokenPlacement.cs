using Puna.Engine.Cache;

namespace Puna.Engine.Execution;

/// <summary>Where the new tokens of a ragged batch go: a slot in the tail of their sequence and a position.</summary>
internal static class TokenPlacement
{
    /// <summary>Reserves slots for every segment, or for none: there is room for all of them before the first is touched.</summary>
    /// <param name="segments">The batch; its sequences lie in one cache.</param>
    /// <param name="firstTail">Receives, for each segment, the index in the tail of its first token.</param>
    /// <param name="positions">Receives the position of each token, in the order of the segments.</param>
    /// <exception cref="CacheFullException">There is no room for all of them; no sequence has changed.</exception>
    /// <exception cref="ArgumentException">
    /// The segments do not bring as many tokens as there are positions, the sequences lie in different caches, or a node of a
    /// tree follows one of the certain tokens that is not the last.
    /// </exception>
    /// <exception cref="InputException">A block was to be run with states of a fixed size, which know no later tokens.</exception>
    public static void Reserve(
        ReadOnlySpan<Segment> segments,
        Span<int> firstTail,
        Span<int> positions
    )
    {
        if (segments.IsEmpty)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(positions.Length, 0, nameof(positions));
            return;
        }

        Check(segments, positions.Length);
        var memory = segments[0].Sequence.Cache.Memory;
        do
        {
            memory.StartCount();
            foreach (ref readonly var segment in segments)
            {
                segment.Sequence.Room.Count(segment.Tokens, segment.Certain);
            }
        } while (!memory.TryEnsure());

        var row = 0;
        for (var index = 0; index < segments.Length; index++)
        {
            var count = segments[index].Tokens;
            firstTail[index] = Place(segments[index], positions.Slice(row, count));
            row += count;
        }
    }

    private static void Check(ReadOnlySpan<Segment> segments, int positions)
    {
        var rows = 0L;
        foreach (ref readonly var segment in segments)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(segment.Tokens, nameof(segments));
            ArgumentOutOfRangeException.ThrowIfNegative(segment.Certain, nameof(segments));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(
                segment.Certain,
                segment.Tokens,
                nameof(segments)
            );
            rows += segment.Tokens;
            if (segment.IsBlock && segment.Sequence.FixedStates is not null)
            {
                throw new InputException(
                    "A block whose tokens see each other was to be run, but this model has layers whose states read tokens one after the other; a model without such states is needed."
                );
            }

            if (!ReferenceEquals(segment.Sequence.Cache, segments[0].Sequence.Cache))
            {
                throw new ArgumentException("The sequences of a batch must share one cache.");
            }

            if (!segment.Parents.IsEmpty)
            {
                ArgumentOutOfRangeException.ThrowIfNotEqual(
                    segment.Parents.Length,
                    segment.Tokens,
                    nameof(segments)
                );
                ArgumentOutOfRangeException.ThrowIfNotEqual(
                    segment.Sequence.TailLength,
                    0,
                    nameof(segments)
                );
                CheckCertain(segment);
            }
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(rows, positions, nameof(segments));
    }

    // There is one state for all certain tokens, the one after the last.
    private static void CheckCertain(in Segment segment)
    {
        var parents = segment.Parents.Span;
        for (var node = 0; node < parents.Length && segment.Certain > 0; node++)
        {
            var isChained =
                node < segment.Certain
                    ? parents[node] == node - 1
                    : parents[node] >= segment.Certain - 1;
            if (!isChained)
            {
                throw new ArgumentException(
                    $"Node {node} of a token tree follows node {parents[node]}, but the first {segment.Certain} are certain: these are a chain, and all others follow the last of them."
                );
            }
        }
    }

    private static int Place(in Segment segment, Span<int> positions)
    {
        var sequence = segment.Sequence;
        if (segment.EndsPrompt)
        {
            sequence.MarkPromptEnd();
        }

        if (!segment.Parents.IsEmpty)
        {
            PlaceNodes(sequence.NextPosition, segment.Parents.Span, positions);
            return sequence.Room.Extend(positions, segment.Certain);
        }

        var first = sequence.Room.Extend(segment.Tokens, segment.Certain);
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
