namespace Puna.Engine.Decoding;

/// <summary>What a decoder makes of a step.</summary>
public readonly ref struct Verdict
{
    private Verdict(ReadOnlySpan<int> path, bool isKeep)
    {
        Path = path;
        IsRerun = !isKeep;
    }

    /// <summary>Nothing was chosen and nothing is kept: propose again (a block that is being filled).</summary>
    public static Verdict Rerun => new([], isKeep: false);

    /// <summary>True for <see cref="Rerun"/>.</summary>
    public bool IsRerun { get; }

    /// <summary>Rows to keep, ascending.</summary>
    public ReadOnlySpan<int> Path { get; }

    /// <summary>
    /// Keeps the rows of a path, of which each ran the id that stands there now, and with them the tokens that were chosen by
    /// <see cref="DecodingState.Choose"/> or <see cref="DecodingState.Take"/>. The path may be empty: tokens are chosen
    /// then whose keys and values are not known yet.
    /// </summary>
    public static Verdict Keep(ReadOnlySpan<int> path) => new(path, isKeep: true);
}
