namespace Puna.Engine.Tests.Cache;

/// <summary>What a sequence must hold, as plain lists: the oracle of the property tests.</summary>
internal sealed class SequenceModel
{
    public List<(int Position, int Token)> Committed { get; private init; } = [];

    public List<(int Position, int Token)> Tail { get; } = [];

    public int LogicalLength { get; private set; }

    public int NextPosition => Tail.Count == 0 ? LogicalLength : Tail[^1].Position + 1;

    public List<(int Position, int Token)> Sorted()
    {
        var all = Committed.Concat(Tail).ToList();
        all.Sort();
        return all;
    }

    public void Commit(int count)
    {
        Committed.AddRange(Tail.Take(count));
        if (count > 0)
        {
            LogicalLength = Tail[count - 1].Position + 1;
        }

        Tail.Clear();
    }

    public void Truncate(int length)
    {
        Tail.Clear();
        Committed.RemoveAll(slot => slot.Position >= length);
        LogicalLength = Math.Min(LogicalLength, length);
    }

    public void Compact(ReadOnlySpan<int> kept)
    {
        var path = new List<(int, int)>();
        foreach (var index in kept)
        {
            path.Add(Tail[index]);
        }

        Tail.Clear();
        Tail.AddRange(path);
    }

    public int Drop(int from, int to) =>
        Committed.RemoveAll(slot => slot.Position >= from && slot.Position < to);

    public void Shift(int from, int to, int delta)
    {
        for (var index = 0; index < Committed.Count; index++)
        {
            var (position, token) = Committed[index];
            if (position >= from && position < to)
            {
                Committed[index] = (position + delta, token);
            }
        }

        if (to >= LogicalLength)
        {
            LogicalLength += delta;
        }
    }

    public void Insert(int position, int count)
    {
        // At the end the new tokens move it themselves.
        if (position < LogicalLength)
        {
            Shift(position, LogicalLength, count);
        }
    }

    public void Fill(int position, int token)
    {
        Committed.Add((position, token));
        LogicalLength = Math.Max(LogicalLength, position + 1);
    }

    public SequenceModel Fork() =>
        new() { Committed = [.. Committed], LogicalLength = LogicalLength };
}
