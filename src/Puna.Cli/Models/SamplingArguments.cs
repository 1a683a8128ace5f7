using System.CommandLine;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Decoding;

namespace Puna.Cli.Models;

/// <summary>The sampling options of <c>puna run</c> and <c>puna chat</c>.</summary>
internal sealed class SamplingArguments
{
    private static readonly SamplingOptions s_defaults = new();

    private readonly Option<float?> _temperature = Number(
        "--temp",
        "T",
        "Temperature; 0 = greedy (default: 0.8).",
        "--temperature"
    );
    private readonly Option<int?> _topK = new("--top-k")
    {
        Description = "Keep the K most likely tokens; 0 = all (default: 40).",
        HelpName = "K",
    };
    private readonly Option<float?> _topP = Number(
        "--top-p",
        "P",
        "Keep the smallest set of probability P (default: 0.95)."
    );
    private readonly Option<float?> _minP = Number(
        "--min-p",
        "P",
        "Keep tokens of at least P times the largest probability (default: 0.05)."
    );
    private readonly Option<float?> _typical = Number(
        "--typical",
        "P",
        "Locally typical sampling with mass P; 1 = off (default)."
    );
    private readonly Option<float?> _epsilon = Number(
        "--epsilon",
        "P",
        "Drop tokens of a probability below P; 0 = off (default)."
    );
    private readonly Option<float?> _repetition = Number(
        "--repeat-penalty",
        "R",
        "Divide the logits of ids already seen; 1 = off (default)."
    );
    private readonly Option<float?> _presence = Number(
        "--presence-penalty",
        "A",
        "Subtract A once from ids already generated; 0 = off (default)."
    );
    private readonly Option<float?> _frequency = Number(
        "--frequency-penalty",
        "A",
        "Subtract A for each time an id was generated; 0 = off (default)."
    );
    private readonly Option<ulong?> _seed = new("--seed")
    {
        Description = "Seed of the draws (default: a fresh one).",
        HelpName = "S",
    };

    private readonly Option<string[]> _bias = new("--logit-bias")
    {
        Description = "Add V to the logit of an id, -inf bans it; may be given several times.",
        HelpName = "ID:V",
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>Adds the options to a command.</summary>
    public SamplingArguments(Command command)
    {
        command.Options.Add(_temperature);
        command.Options.Add(_topK);
        command.Options.Add(_topP);
        command.Options.Add(_minP);
        command.Options.Add(_typical);
        command.Options.Add(_epsilon);
        command.Options.Add(_repetition);
        command.Options.Add(_presence);
        command.Options.Add(_frequency);
        command.Options.Add(_bias);
        command.Options.Add(_seed);
    }

    /// <summary>The chain as asked for; ranges are checked by the sampler.</summary>
    /// <exception cref="InputException">A logit bias is malformed.</exception>
    public SamplingOptions Read(ParseResult result) =>
        new()
        {
            Temperature = result.GetValue(_temperature) ?? s_defaults.Temperature,
            TopK = result.GetValue(_topK) ?? s_defaults.TopK,
            TopP = result.GetValue(_topP) ?? s_defaults.TopP,
            MinP = result.GetValue(_minP) ?? s_defaults.MinP,
            TypicalP = result.GetValue(_typical) ?? s_defaults.TypicalP,
            Epsilon = result.GetValue(_epsilon) ?? s_defaults.Epsilon,
            RepetitionPenalty = result.GetValue(_repetition) ?? s_defaults.RepetitionPenalty,
            PresencePenalty = result.GetValue(_presence) ?? s_defaults.PresencePenalty,
            FrequencyPenalty = result.GetValue(_frequency) ?? s_defaults.FrequencyPenalty,
            LogitBias = Biases(result.GetValue(_bias) ?? []),
            Seed = result.GetValue(_seed),
        };

    private static Option<float?> Number(
        string name,
        string helpName,
        string description,
        params string[] aliases
    ) => new(name, aliases) { Description = description, HelpName = helpName };

    private static Dictionary<int, float> Biases(IEnumerable<string> entries)
    {
        var biases = new Dictionary<int, float>();
        foreach (var entry in entries)
        {
            var colon = entry.IndexOf(':', StringComparison.Ordinal);
            if (
                colon < 0
                || !NumberText.TryWhole<int>(entry.AsSpan(0, colon), out var id)
                || !NumberText.TryReal(entry.AsSpan(colon + 1), out var value)
            )
            {
                throw new InputException(
                    $"--logit-bias '{entry}' is not understood; write ID:V, such as 198:-2.5, or 198:-inf to ban the id."
                );
            }

            biases[id] = value;
        }

        return biases;
    }
}
