namespace Puna.SideBySide;

/// <summary>Runs that take turns, and the rows that are read from them.</summary>
/// <param name="Runs">One round, in order; a single one has nobody to take turns with and repeats within itself.</param>
/// <param name="Rows">Lines of the table.</param>
/// <param name="IsLong">A round takes most of a minute: unless told otherwise, there are fewer.</param>
public sealed record Contest(
    IReadOnlyList<IRun> Runs,
    IReadOnlyList<Row> Rows,
    bool IsLong = false
);
