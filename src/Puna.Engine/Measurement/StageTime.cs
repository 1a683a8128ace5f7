namespace Puna.Engine.Measurement;

/// <summary>Time that a stage of the forward pass takes.</summary>
/// <param name="Stage">Name of the stage; "between" is what lies between two passes: choosing the token, committing.</param>
/// <param name="Microseconds">Time for one pass.</param>
/// <param name="Share">Of the whole time.</param>
public sealed record StageTime(string Stage, double Microseconds, double Share);
