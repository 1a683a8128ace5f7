namespace Puna.SideBySide;

/// <summary>Runs that take turns, and the rows that are read from them.</summary>
/// <param name="Runs">One round, in order.</param>
/// <param name="Rows">Lines of the table.</param>
public sealed record Contest(IReadOnlyList<IRun> Runs, IReadOnlyList<Row> Rows);
