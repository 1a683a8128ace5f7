namespace Puna.Engine.Cache;

/// <summary>A state of a fixed size that every sequence of a cache keeps beside its keys and values.</summary>
/// <param name="Layer">The layer that keeps it.</param>
/// <param name="Index">Index among all states that the branches of the layer declare.</param>
/// <param name="Floats">Length in f32 numbers.</param>
internal readonly record struct FixedStateShape(int Layer, int Index, int Floats);
