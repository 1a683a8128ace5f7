namespace Puna.Engine.Plan;

/// <summary>Which keys a query may see: keys at positions up to its own, and with a window only the last ones.</summary>
/// <param name="Window">A query at position p sees keys in (p - Window, p]; 0 = all keys up to p.</param>
public readonly record struct AttentionMask(int Window)
{
    /// <summary>All keys up to the query's own position.</summary>
    public static AttentionMask Causal => new(0);

    /// <summary>Mean number of keys that the queries of a sequence of <paramref name="length"/> see (c(l) of the cost formulas).</summary>
    public double MeanKeys(long length) =>
        Window == 0 || Window >= length
            ? (length + 1) / 2.0
            : Window - (double)Window * (Window - 1) / (2.0 * length);

    /// <summary>Keys seen by a query at <paramref name="position"/>.</summary>
    public long KeysAt(long position) =>
        Window == 0 ? position + 1 : Math.Min(position + 1, Window);
}
