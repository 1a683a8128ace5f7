using Puna.Engine.Files.Models;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Threads;

namespace Puna.Engine.Model;

/// <summary>A loaded model: plan, parameters and, when it has one, its tokenizer. Immutable after loading.</summary>
public sealed class LanguageModel : IDisposable
{
    private readonly Lazy<string> _fingerprint;

    private LanguageModel(string path, LayerPlan plan, ParameterSet weights, ITokenizer? tokenizer)
    {
        Path = path;
        Plan = plan;
        Weights = weights;
        Tokenizer = tokenizer;
        _fingerprint = new Lazy<string>(() => ModelFingerprint.Of(plan, weights));
    }

    /// <summary>Where it was loaded from.</summary>
    public string Path { get; }

    /// <summary>The layer plan that a forward pass executes.</summary>
    public LayerPlan Plan { get; }

    /// <summary>The facts shared by all layers.</summary>
    public ModelConfig Config => Plan.Config;

    /// <summary>Parameters.</summary>
    public ParameterSet Weights { get; }

    /// <summary>Tokenizer, or null when the model has none: it then takes and gives ids.</summary>
    public ITokenizer? Tokenizer { get; }

    /// <summary>
    /// SHA-256 of plan and parameters, 64 hexadecimal digits: equal for what computes the same keys and values. The first
    /// call reads every weight once.
    /// </summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>The rotary embedding in one spelling, with every number.</summary>
    public string RopeFingerprint => ModelFingerprint.DescribeRope(Config.Rope);

    /// <summary>Loads the parameters that <paramref name="plan"/> asks for; the file may be closed afterwards.</summary>
    /// <param name="file">The opened file.</param>
    /// <param name="plan">The plan to execute, usually that of the file's own configuration.</param>
    /// <param name="tokenizer">Tokenizer to use, or null for none.</param>
    /// <param name="pool">Threads that repack.</param>
    /// <param name="progress">Told of each tensor.</param>
    /// <param name="cancellation">Ends the loading.</param>
    /// <exception cref="InputException">A tensor is missing, has another shape or is damaged, or the tokenizer does not fit.</exception>
    public static LanguageModel Load(
        IModelFile file,
        LayerPlan plan,
        TokenizerData? tokenizer,
        WorkerPool pool,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        if (tokenizer is not null && tokenizer.Pieces.Count > plan.Config.VocabularySize)
        {
            throw new InputException(
                $"The tokenizer for {file.Path} has {tokenizer.Pieces.Count} tokens, the model's embedding only {plan.Config.VocabularySize}."
            );
        }

        // Building the tables of a tokenizer takes as long as repacking a small model: both go on at once.
        var building = tokenizer is null ? null : new BackgroundTokenizer(tokenizer);
        var weights = WeightLoader.Load(file, plan, pool, progress, cancellation);
        try
        {
            return new LanguageModel(file.Path, plan, weights, building?.Finish());
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
