using Puna.Engine.Execution;
using Puna.Engine.Execution.Compilation;
using Puna.Engine.Model;
using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Runtime;

/// <summary>
/// The one forward pass: reading a prompt, decoding and scoring differ only in how many tokens each segment brings
/// and in what its cache already holds. For every plan, the logits of one pass over a sequence equal those of any
/// chunking of it. The plan is compiled once into a list of operations, which a pass runs from front to back. One
/// instance serves one thread at a time; a pass allocates nothing.
/// </summary>
internal sealed class ForwardPass : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly int _vocabulary;
    private readonly OpList _list;

    /// <summary>Makes the pass for a model, with buffers for at most <paramref name="maximumRows"/> rows.</summary>
    /// <exception cref="InputException">The plan has a branch or step that cannot be computed.</exception>
    public ForwardPass(
        LanguageModel model,
        WorkerPool pool,
        ActivationFormat activations,
        int maximumRows = 512
    )
        : this(model, pool, activations, maximumRows, Compilers.BuiltIn, SlotLayout.Inference) { }

    internal ForwardPass(
        LanguageModel model,
        WorkerPool pool,
        ActivationFormat activations,
        int maximumRows,
        Compilers compilers,
        SlotLayout layout
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumRows, 1);
        _pool = pool;
        _vocabulary = model.Config.VocabularySize;
        _list = OpList.Compile(model, pool, maximumRows, compilers);
        _list.Slots.Lay(layout, activations);
    }

    /// <summary>Receives the time of each stage of the passes, when it is given.</summary>
    public ForwardProfile? Profile { get; set; }

    /// <summary>Most rows of one pass.</summary>
    public int MaximumRows => _list.Tokens.Maximum;

    internal OpList List => _list;

    /// <summary>
    /// Runs the layers over a ragged batch. Keys and values of the new tokens go to the tentative tail of their
    /// sequences: the caller commits or truncates, and asks for the logits of the rows it needs afterwards.
    /// </summary>
    /// <param name="tokens">Ids of all segments, one after the other.</param>
    /// <param name="segments">Whose they are.</param>
    /// <exception cref="InputException">An id is outside the vocabulary.</exception>
    public void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<Segment> segments)
    {
        var rows = _list.Tokens;
        rows.Clear();
        Profile?.Start();
        CheckIds(tokens);
        rows.Begin(tokens.Length, segments);
        try
        {
            TokenPlacement.Reserve(segments, rows.FirstTail, rows.Positions.Span);
            rows.Place();
            _list.Attention.Begin();
            foreach (var operation in _list.Operations)
            {
                operation.Forward(tokens, _pool);
                Profile?.End(operation.Stage);
            }
        }
        catch
        {
            rows.Clear();
            throw;
        }
    }

    /// <summary>Logits [rows, V] after some rows of the last pass: the head is read once for all of them.</summary>
    /// <param name="rows">Indices of rows of the last pass, in any order.</param>
    /// <param name="logits">Row i belongs to rows[i].</param>
    public void Logits(ReadOnlySpan<int> rows, NativeSpan<float> logits)
    {
        Profile?.Start();
        _list.Head.Logits(rows, logits, _pool);
        Profile?.End(ForwardStage.Head);
    }

    /// <summary>What the head reads, [rows, d]: the residual stream after the last layer and the final norm.</summary>
    /// <param name="rows">Indices of rows of the last pass, in any order.</param>
    /// <param name="hidden">Row i belongs to rows[i].</param>
    public void Hidden(ReadOnlySpan<int> rows, NativeSpan<float> hidden)
    {
        Profile?.Start();
        _list.Head.Hidden(rows, hidden, _pool);
        Profile?.End(ForwardStage.Head);
    }

    /// <inheritdoc/>
    public void Dispose() => _list.Dispose();

    private void CheckIds(ReadOnlySpan<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, MaximumRows);
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)_vocabulary)
            {
                throw new InputException(
                    $"Token {token} is outside the vocabulary of {_vocabulary} (ids 0 to {_vocabulary - 1})."
                );
            }
        }
    }
}
