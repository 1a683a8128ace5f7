namespace Puna.SideBySide;

/// <summary>One line of the table.</summary>
/// <param name="Id">What --rows chooses it by.</param>
/// <param name="Title">What it measures.</param>
/// <param name="Kind">What its figures are.</param>
/// <param name="Target">What it should reach; null where it is only reported.</param>
/// <param name="Ours">Our figure.</param>
/// <param name="Theirs">What a ratio is taken to.</param>
public sealed record Row(
    string Id,
    string Title,
    RowKind Kind,
    Target? Target,
    Reading Ours,
    Reading? Theirs = null
);
