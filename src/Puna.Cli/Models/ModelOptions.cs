using System.CommandLine;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Runtime;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;

namespace Puna.Cli.Models;

/// <summary>The options that every command which runs a model shares.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string?> _model = Model();

    private readonly Option<string?> _tokenizer = new("--tokenizer")
    {
        Description = "Tokenizer file, when it is not the model's own.",
        HelpName = "FILE",
    };

    private readonly Option<int?> _threads = new("--threads", "-t")
    {
        Description = "Threads (default: the processor's).",
        HelpName = "N",
    };

    private readonly Option<string> _activations = new("--activations")
    {
        Description =
            "int8 rounds activations to 8 bits where weights are in blocks; f32 computes every product in float32.",
        HelpName = "int8|f32",
        DefaultValueFactory = _ => "int8",
    };

    private readonly Option<string?> _kvFormat = new("--kv-format")
    {
        Description =
            "How keys and values are cached: f32, f16, bf16 or int8 (default f16; f32 with --activations f32).",
        HelpName = "FORMAT",
    };

    private readonly Option<int?> _context = new("--ctx", "-c")
    {
        Description = "Longest sequence, prompt and answer together (default: the model's own).",
        HelpName = "N",
    };

    private readonly Option<string?> _template = new("--chat-template")
    {
        Description = "A chat template (Jinja) that replaces the model's own.",
        HelpName = "FILE",
    };

    private readonly bool _hasContext;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="context">Whether it has --ctx.</param>
    /// <param name="template">Whether it has --chat-template.</param>
    public ModelOptions(Command command, bool context = true, bool template = false)
    {
        command.Options.Add(_model);
        command.Options.Add(_tokenizer);
        command.Options.Add(_threads);
        command.Options.Add(_activations);
        command.Options.Add(_kvFormat);
        _hasContext = context;
        if (context)
        {
            command.Options.Add(_context);
        }

        if (template)
        {
            command.Options.Add(_template);
        }
    }

    /// <summary>The option -m, for commands that need no other option of a model.</summary>
    public static Option<string?> Model() =>
        new("--model", "-m")
        {
            Description =
                "The model: a Hugging Face directory, a .gguf, a llama2.c .bin or a .safetensors beside its config.json.",
            HelpName = "MODEL",
        };

    /// <summary>What -m named, or null.</summary>
    public string? Named(ParseResult result) => result.GetValue(_model);

    /// <summary>The engine's options as asked for.</summary>
    /// <exception cref="InputException">A value is out of range or unknown.</exception>
    public InferenceOptions Read(ParseResult result)
    {
        var activations = result.GetValue(_activations) switch
        {
            "int8" => ActivationFormat.Int8,
            "f32" => ActivationFormat.F32,
            var other => throw new InputException(
                $"--activations '{other}' is not known; choose int8 or f32."
            ),
        };
        var kvFormat = result.GetValue(_kvFormat) switch
        {
            null => activations == ActivationFormat.F32 ? KvPageFormats.F32 : KvPageFormats.F16,
            var id => KvPageFormats.Find(id)
                ?? throw new InputException(
                    $"--kv-format '{id}' is not known; choose {Choices(KvPageFormats.All)}."
                ),
        };
        return new InferenceOptions
        {
            Threads =
                Range("--threads", result.GetValue(_threads), 1, 1024)
                ?? Environment.ProcessorCount,
            Activations = activations,
            KeyFormat = kvFormat,
            ValueFormat = kvFormat,
            ContextLength = _hasContext
                ? Range("--ctx", result.GetValue(_context), 1, 1 << 24)
                : null,
            TokenizerPath = result.GetValue(_tokenizer),
            ChatTemplate = ReadTemplate(result),
        };
    }

    private string? ReadTemplate(ParseResult result) =>
        result.GetResult(_template) is null || result.GetValue(_template) is not { } path
            ? null
            : TextFile.Read(path);

    private static string Choices(IReadOnlyList<KvSlotFormat> formats) =>
        $"{string.Join(", ", formats.SkipLast(1).Select(format => format.Id))} or {formats[^1].Id}";

    /// <summary>The value when it lies in the range.</summary>
    /// <exception cref="InputException">It does not.</exception>
    public static int? Range(string option, int? value, int minimum, int maximum) =>
        value is { } number && (number < minimum || number > maximum)
            ? throw new InputException(
                $"{option} is {number}; a number from {minimum} to {maximum} is needed."
            )
            : value;
}
