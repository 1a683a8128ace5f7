namespace Puna.Engine.Execution.Compilation;

/// <summary>The operations of one step of one layer: what is skipped, frozen or computed anew as a whole.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Step">Index of the step in the layer.</param>
/// <param name="First">First operation.</param>
/// <param name="End">The operation behind the last.</param>
internal readonly record struct StepRange(int Layer, int Step, int First, int End);
