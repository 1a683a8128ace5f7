namespace Puna.SideBySide;

/// <summary>Names one figure among those that a run gives.</summary>
/// <param name="Run">Name of the run in its contest.</param>
/// <param name="Figure">Name of the figure.</param>
public sealed record Reading(string Run, string Figure);
