using Puna.Engine.Cache;

namespace Puna.Engine.Model;

/// <summary>The new tokens of one sequence in a ragged batch.</summary>
/// <param name="Sequence">Its cache; the tokens go to its tentative tail.</param>
/// <param name="Tokens">Number of new tokens T: 1 when decoding, a chunk when reading a prompt.</param>
public readonly record struct Segment(KvSequence Sequence, int Tokens);
