namespace Puna.Engine.Measurement;

/// <summary>How far a measurement is.</summary>
/// <param name="Share">Rows that are done, 0 to 1.</param>
/// <param name="Row">What is measured now.</param>
public readonly record struct BenchProgress(double Share, string Row);
