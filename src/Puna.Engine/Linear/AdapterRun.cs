namespace Puna.Engine.Linear;

/// <summary>Neighbouring rows of a pass that run with one set of adapters.</summary>
/// <param name="Adapters">The set.</param>
/// <param name="FirstRow">First row.</param>
/// <param name="Rows">Rows.</param>
internal readonly record struct AdapterRun(AdapterSet Adapters, int FirstRow, int Rows);
