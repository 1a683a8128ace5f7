using Puna.Kernels.Memory;

namespace Puna.Engine.Runtime;

/// <summary>Tokens of one sequence that a pass runs behind the committed ones.</summary>
public readonly ref struct NewRows
{
    /// <summary>Names the rows.</summary>
    /// <param name="tokens">Their tokens, T of them.</param>
    /// <param name="parents">
    /// Empty when each row follows the one before it. Else the rows are a tree in topological order, and this is the parent
    /// of each (-1 = the last committed token): a row sees the committed tokens, its ancestors and itself.
    /// </param>
    /// <param name="isBlock">Each row sees the committed tokens and all T rows, at positions that follow one another.</param>
    /// <param name="endsPrompt">The rows hold the end of a prompt: policies that look at a prompt as a whole do so when it is committed.</param>
    /// <param name="certain">
    /// The first rows, a chain, of which all are committed or none: states of a fixed size are kept after the last of them
    /// only, and not after each.
    /// </param>
    /// <param name="embeddings">
    /// What the first layer reads of the rows, [T, d], in the place of the embeddings of their tokens; it must live until the
    /// pass has run. Empty for the tokens'.
    /// </param>
    public NewRows(
        ReadOnlySpan<int> tokens,
        ReadOnlyMemory<int> parents = default,
        bool isBlock = false,
        bool endsPrompt = false,
        int certain = 0,
        FloatRows embeddings = default
    )
    {
        Embeddings = embeddings;
        EndsPrompt = endsPrompt;
        Certain = certain;
        Tokens = tokens;
        Parents = parents;
        IsBlock = isBlock;
    }

    /// <summary>Token of each row.</summary>
    public ReadOnlySpan<int> Tokens { get; }

    /// <summary>Parent of each row; empty for a chain and for a block.</summary>
    public ReadOnlyMemory<int> Parents { get; }

    /// <summary>Whether each row sees all rows.</summary>
    public bool IsBlock { get; }

    /// <summary>Whether the end of a prompt is among the rows.</summary>
    public bool EndsPrompt { get; }

    /// <summary>The first rows, of which all are committed or none.</summary>
    public int Certain { get; }

    /// <summary>What stands in the place of the embeddings of the tokens, [T, d], or no rows.</summary>
    public FloatRows Embeddings { get; }
}
