using Puna.Engine.Files.Models;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Storage;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Files.Writing;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;

namespace Puna.Engine.Files;

/// <summary>
/// Rewrites a model in another form or format: any readable input to GGUF or to Hugging Face's form. Weights stream
/// through a small buffer; rows of the same format are copied byte for byte; norms and biases stay as exact as they
/// were.
/// </summary>
public static class ModelConverter
{
    /// <summary>Converts a model.</summary>
    /// <param name="input">The model.</param>
    /// <param name="path">A .gguf, a .safetensors (with its config.json beside it), or a folder.</param>
    /// <param name="options">What becomes of it; null keeps everything as it is.</param>
    /// <param name="pool">Threads, or null for the caller's alone.</param>
    /// <param name="progress">Told the share that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work; the old file stays.</param>
    /// <exception cref="InputException">The form cannot hold the model, a weight is damaged, the tokenizer does not fit, the disk is full, or the place is taken: by the input, by what is no regular file, or by what only <see cref="ConversionOptions.Force"/> replaces; the old file stays.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the old file stays.</exception>
    public static ConversionSummary Convert(
        IModelFile input,
        string path,
        ConversionOptions? options = null,
        WorkerPool? pool = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(input);
        return Convert(input, input.Plan, path, options, pool, progress, cancellation);
    }

    /// <summary>Converts a model to another plan: tensors that the plan does not own are left out.</summary>
    /// <param name="input">The model.</param>
    /// <param name="plan">The plan of the new model, over the input's configuration.</param>
    /// <param name="path">A .gguf, a .safetensors (with its config.json beside it), or a folder.</param>
    /// <param name="options">What becomes of it; null keeps everything as it is.</param>
    /// <param name="pool">Threads, or null for the caller's alone.</param>
    /// <param name="progress">Told the share that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work; the old file stays.</param>
    /// <exception cref="InputException">The input lacks a tensor of the plan, the form cannot state the plan, a weight is damaged, the tokenizer does not fit, the disk is full, or the place is taken; the old file stays.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the old file stays.</exception>
    public static ConversionSummary Convert(
        IModelFile input,
        LayerPlan plan,
        string path,
        ConversionOptions? options = null,
        WorkerPool? pool = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(input);
        options ??= new ConversionOptions();
        var output = Prepare(input, plan, path, options);
        var format = options.Formats.Format ?? MostUsed(output);
        if (ModelOutput.FormOf(path) != ModelOutputForm.Gguf)
        {
            return output.WriteHuggingFace(input, format, pool, progress, cancellation);
        }

        output.AddRotaryFactors();
        return output.WriteGguf(input, format, pool, progress, cancellation);
    }

    /// <summary>Says what a conversion would write: every tensor with its coding, and their bytes.</summary>
    /// <param name="input">The model.</param>
    /// <param name="path">What the conversion would be told.</param>
    /// <param name="options">What would become of it.</param>
    /// <exception cref="InputException">The form cannot hold the model.</exception>
    public static ConversionSummary Preview(
        IModelFile input,
        string path,
        ConversionOptions options
    )
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        var output = Prepare(input, input.Plan, path, options);
        if (ModelOutput.FormOf(path) == ModelOutputForm.Gguf)
        {
            output.AddRotaryFactors();
        }

        return output.Preview();
    }

    private static ModelOutput Prepare(
        IModelFile input,
        LayerPlan plan,
        string path,
        ConversionOptions options
    )
    {
        LayerPlanValidator.Check(plan);
        var form = ModelOutput.FormOf(path);
        var choice = options.Formats;
        foreach (var asked in choice.Asked)
        {
            RequireFormat(form, asked);
        }

        choice.RequireMatches(plan);
        var output = new ModelOutput(path, plan)
        {
            Inputs = [.. ModelFolder.Inputs(input.Path), .. options.Inputs],
            Tokenizer = Replacing(input, options.Tokenizer),
            Force = options.Force,
        };
        var tensors = input.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var toGguf = form == ModelOutputForm.Gguf;
        var interleave =
            toGguf && GgufFamilies.InterleavesRotaryRows(GgufModelMetadata.Architecture(plan));
        var matrices = new List<(WeightFormat Stored, OutputTensor Output)>();
        foreach (var spec in plan.Parameters())
        {
            if (
                !tensors.TryGetValue(spec.Name, out var tensor)
                || !tensor.Shape.SequenceEqual(spec.Shape)
            )
            {
                throw new InputException(
                    $"'{input.Path}' has no tensor '{spec.Name}' of shape [{string.Join(", ", spec.Shape)}], which the plan '{plan.Name}' needs."
                );
            }

            var wanted = spec.IsMatrix ? choice.For(spec) : null;
            var chosen = Choose(spec, tensor, wanted, toGguf);
            if (wanted is not null && chosen != wanted)
            {
                output.StoredOtherwise.Add(KeyValuePair.Create(spec.Name, chosen));
            }

            output.Tensors.Add(Output(spec, tensor, chosen, interleave, plan.Config, toGguf));
            if (spec.IsMatrix)
            {
                matrices.Add((tensor.Format, output.Tensors[^1]));
            }
        }

        output.Remark(ConversionRemarks.Of(matrices));
        return output;
    }

    /// <summary>A tokenizer from elsewhere; the model's chat template stays where it brings none.</summary>
    private static TokenizerData? Replacing(IModelFile input, TokenizerData? tokenizer)
    {
        var fitting = ModelTokenizers.Fitting(tokenizer, input.Path, input.Config);
        return fitting is { ChatTemplate: null }
            ? fitting with
            {
                ChatTemplate = TemplateOf(input),
            }
            : fitting;
    }

    /// <summary>The template of a model, whose tokenizer may be what is to be replaced because it cannot be read.</summary>
    private static string? TemplateOf(IModelFile input)
    {
        try
        {
            return input is GgufModelFile gguf
                ? gguf.Gguf.Text("tokenizer.chat_template")
                : input.Tokenizer?.ChatTemplate;
        }
        catch (InputException)
        {
            return null;
        }
    }

    private static void RequireFormat(ModelOutputForm form, WeightFormat asked)
    {
        if (!asked.CanEncode)
        {
            throw new InputException(
                $"There is no quantiser for {asked.Id}; choose one of {string.Join(", ", OutputFormats.Encodable.Select(known => known.Id))}."
            );
        }

        if (form != ModelOutputForm.Gguf && SafetensorsTypes.Of(asked) is null)
        {
            throw new InputException(
                $"A safetensors file cannot hold {asked.Id}; choose f32, f16 or bf16, or write a .gguf file."
            );
        }
    }

    private static WeightFormat Choose(
        ParameterSpec spec,
        StoredTensor tensor,
        WeightFormat? format,
        bool toGguf
    )
    {
        if (!spec.IsMatrix)
        {
            // llama.cpp takes norms and biases in F32 only; elsewhere they keep what they have.
            return toGguf || SafetensorsTypes.Of(tensor.Format) is null
                ? WeightFormats.F32
                : tensor.Format;
        }

        // Where a safetensors file cannot hold the blocks, F32 holds their values exactly.
        return format is { } asked ? OutputFormats.Fit(asked, spec.Columns)
            : toGguf || SafetensorsTypes.Of(tensor.Format) is not null ? tensor.Format
            : WeightFormats.F32;
    }

    private static OutputTensor Output(
        ParameterSpec spec,
        StoredTensor tensor,
        WeightFormat format,
        bool interleave,
        ModelConfig config,
        bool toGguf
    )
    {
        var order = tensor.RowOrder;
        if (interleave && RotaryRows.Concerns(spec.Name))
        {
            // Back to the stored order where the file has it already, else into it.
            order = order is null
                ? RotaryRows.Inverse(
                    RotaryRows.Interleaved(spec.Rows / config.HeadDim, config.HeadDim)
                )
                : null;
        }

        IRowSource rows = spec.IsMatrix
            ? new StoredRows(tensor, format, order)
            : new StoredVector(tensor, format, order);
        return new OutputTensor(
            toGguf ? GgufNames.ToGguf(spec.Name) : spec.Name,
            spec.Shape,
            format,
            rows
        );
    }

    private static WeightFormat MostUsed(ModelOutput output) =>
        output
            .Tensors.Where(tensor => tensor.Shape.Count == 2)
            .GroupBy(tensor => tensor.Format)
            .OrderByDescending(group => group.Sum(tensor => tensor.Bytes))
            .ThenBy(group => group.Key.GgufType)
            .First()
            .Key;
}
