using Puna.Engine.Cache;
using Puna.Engine.Execution;
using Puna.Engine.Files;
using Puna.Engine.Model;
using Puna.Engine.Text;
using Puna.Kernels.Threads;

namespace Puna.Engine.Runtime;

/// <summary>
/// Everything that running one model takes: the loaded model, its threads, forward pass and cache. One thread at a
/// time may use it and its sequences; a second one that comes in between is told so.
/// </summary>
public sealed class InferenceEngine : IDisposable
{
    private readonly EngineThread _thread = new();

    private InferenceEngine(LanguageModel model, WorkerPool pool, InferenceOptions options)
    {
        Model = model;
        Pool = pool;
        Options = options;
        ContextLength = options.ContextLength ?? model.Config.ContextLength;
        EndIds = FindEndIds(model);
        Pass = new ForwardPass(
            model,
            pool,
            options.Activations,
            Math.Min(options.MaximumRows, ContextLength),
            options.Compilers,
            SlotLayout.Inference
        );
        Cache = new KvCache(
            KvCacheShape.Of(model.Plan, options.KeyFormat, options.ValueFormat),
            options.Policies,
            options.KvMemoryLimit
        );
        OwnBatch = new Batch(this);
    }

    /// <summary>The loaded model.</summary>
    public LanguageModel Model { get; }

    /// <summary>Its tokenizer, or null when it has none.</summary>
    public ITokenizer? Tokenizer => Model.Tokenizer;

    /// <summary>The threads of every kernel.</summary>
    public WorkerPool Pool { get; }

    /// <summary>What was asked for.</summary>
    public InferenceOptions Options { get; }

    /// <summary>Longest sequence, prompt and answer together.</summary>
    public int ContextLength { get; }

    /// <summary>Ids with which the model ends its answer: those of its configuration, and the tokenizer's.</summary>
    public IReadOnlyList<int> EndIds { get; }

    /// <summary>The forward pass.</summary>
    internal ForwardPass Pass { get; }

    /// <summary>The pages of keys and values of all sequences.</summary>
    public KvCache Cache { get; }

    /// <summary>The batch of a sequence that runs alone.</summary>
    internal Batch OwnBatch { get; }

    /// <summary>The batch whose rows the pass holds.</summary>
    internal Batch? LastBatch { get; set; }

    /// <summary>What keys and values computed here depend on besides the token ids: for prefix tree and snapshots.</summary>
    /// <param name="salt">Secret of a tenant; empty for one user.</param>
    /// <param name="adapter">Fingerprint of the adapters in use; empty for none.</param>
    internal KvIdentity Identity(string salt = "", string adapter = "") =>
        new(Model.Fingerprint, adapter, Model.RopeFingerprint, Cache.Policies.Fingerprint, salt);

    /// <summary>Opens, checks and loads a model.</summary>
    /// <param name="path">A Hugging Face directory, a .gguf, a llama2.c .bin or a .safetensors beside its config.json.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="progress">Told of each tensor.</param>
    /// <param name="cancellation">Ends the loading.</param>
    /// <exception cref="InputException">The file cannot be used.</exception>
    public static InferenceEngine Load(
        string path,
        InferenceOptions options,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        using var file = ModelFiles.Open(path);
        var tokenizer = options.TokenizerPath is { } own
            ? ModelFiles.LoadTokenizer(own)
            : file.Tokenizer;
        if (options.ChatTemplate is { } template && tokenizer is not null)
        {
            tokenizer = tokenizer with { ChatTemplate = template };
        }

        var pool = new WorkerPool(options.Threads);
        try
        {
            var plan = options.Plan?.Invoke(file.Plan) ?? file.Plan;
            var model = LanguageModel.Load(file, plan, tokenizer, pool, progress, cancellation);
            return new InferenceEngine(model, pool, options);
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>True for <see cref="EndIds"/>.</summary>
    public bool IsEnd(int id)
    {
        for (var index = 0; index < EndIds.Count; index++)
        {
            if (EndIds[index] == id)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using var inside = Enter();
        OwnBatch.Dispose();
        Pass.Dispose();
        Cache.Dispose();
        Model.Dispose();
        Pool.Dispose();
    }

    /// <summary>The calling thread works with the engine until the result is disposed of.</summary>
    /// <exception cref="InvalidOperationException">Another thread does.</exception>
    internal EngineThread.Entry Enter() => _thread.Enter();

    private static int[] FindEndIds(LanguageModel model)
    {
        var tokenizer = model.Tokenizer;
        var ids = new SortedSet<int>(model.Config.EosIds);
        for (var id = 0; id < (tokenizer?.VocabularySize ?? 0); id++)
        {
            if (tokenizer!.IsEnd(id))
            {
                ids.Add(id);
            }
        }

        return [.. ids];
    }
}
