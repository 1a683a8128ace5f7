using System.Text.RegularExpressions;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Tests that compare with ../shared/data say which folder, so that they can be run over another set of it.</summary>
public sealed partial class ReferenceTraitTests
{
    /// <summary>
    /// Files whose tests take something small of the data as material and compare with nothing that is recorded there, or
    /// with numbers that only the data's readme has.
    /// </summary>
    private static readonly string[] s_materialOnly =
    [
        "ArgumentTests.cs",
        "BadInputTests.cs",
        "BankFormatTests.cs",
        "FormatChoiceTests.cs",
        "HuggingFaceConfigTests.cs",
        "LlamaCppPerplexityTests.cs",
        "ModelCommandTests.cs",
        "ModelContentsTests.cs",
        "ModelTokenizersTests.cs",
        "PolicyHookTests.cs",
        "PromptTests.cs",
        "RefusalTests.cs",
        "RunCommandTests.cs",
        "SealedFormTests.cs",
        "TokenizerFileTests.cs",
        "TokenizerFuzzTests.cs",
    ];

    [Fact]
    public void Tests_that_read_the_data_carry_its_folder_as_a_trait()
    {
        var readers = Directory
            .EnumerateFiles(
                Path.Combine(SharedData.Root, "tests"),
                "*Tests.cs",
                SearchOption.AllDirectories
            )
            .Select(file => (Name: Path.GetFileName(file), Text: File.ReadAllText(file)))
            .Where(file => ReadsData().IsMatch(file.Text))
            .ToList();
        Assert.NotEmpty(readers);
        var without = readers
            .Where(file => !CarriesTrait().IsMatch(file.Text))
            .Select(file => file.Name);

        // An exception that is none any more has to go, too.
        Assert.Equal(s_materialOnly, without.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(
        @"\b(SharedData\.(Path|Bytes|Folder)\b|(ReferenceCases|GgufTypeFiles|Checkpoints|OracleModels)\.)",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex ReadsData();

    [GeneratedRegex("""Trait\("reference", "[a-z-]+"\)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CarriesTrait();
}
