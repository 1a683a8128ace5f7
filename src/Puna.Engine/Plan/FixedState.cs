namespace Puna.Engine.Plan;

/// <summary>
/// A block of a size that does not depend on how many tokens were read: a state space model's state, fast weights with
/// the chunk that is not full yet, a memory of merged tokens. It starts as zeros and is rolled back with rejected tokens.
/// </summary>
/// <param name="Floats">Length of the block in f32 numbers.</param>
internal sealed record FixedState(int Floats) : StateSpec;
