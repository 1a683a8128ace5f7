using Puna.Engine.Cache;
using Puna.Engine.Linear;
using Puna.Kernels.Memory;

namespace Puna.Engine.Execution;

/// <summary>The new tokens of one sequence in a ragged batch.</summary>
/// <param name="Sequence">Its cache; the tokens go to its tentative tail.</param>
/// <param name="Tokens">Number of new tokens T: 1 when decoding, a chunk when reading a prompt.</param>
/// <param name="Parents">
/// Empty when each token follows the one before it. Else the tokens are the nodes of a draft tree in topological
/// order and this is the parent of each (-1 for a root): a node lies at the next position plus its depth and sees
/// the committed tokens and its own ancestors. The tail must be empty before.
/// </param>
/// <param name="IsBlock">
/// Each token sees the committed ones and all T of the segment, which follow one another. No layer may have a window.
/// </param>
/// <param name="EndsPrompt">
/// The tokens are the last of a prompt: when they are committed, policies that look at a prompt as a whole do so.
/// </param>
/// <param name="Adapters">What the linear maps of the tokens are adapted with; null = the model as it is.</param>
/// <param name="Embeddings">
/// What the first layer reads of the tokens, [T, d], in the place of the embeddings of their ids: images, memories. Empty
/// for the ids'. It must live until the pass has run.
/// </param>
/// <param name="Certain">
/// The first tokens, a chain, of which the caller commits all or none: of the states of a fixed size only the one after
/// the last of them is kept, where by default there is one after each token.
/// </param>
internal readonly record struct Segment(
    KvSequence Sequence,
    int Tokens,
    ReadOnlyMemory<int> Parents = default,
    bool IsBlock = false,
    bool EndsPrompt = false,
    AdapterSet? Adapters = null,
    FloatRows Embeddings = default,
    int Certain = 0
);
