using System.Runtime.Versioning;
using Puna.Engine.Files.Writing;
using Puna.Testing;

namespace Puna.Engine.Tests.Files.Writing;

public sealed class StagedFilesTests
{
    [Fact]
    public void Files_appear_together_and_only_when_committed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "old");
        using (var staged = new StagedFiles())
        {
            staged.Write(folder["a"], stream => stream.WriteByte(1));
            staged.Write(folder["b"], stream => stream.WriteByte(2));
            Assert.Equal("old", File.ReadAllText(folder["a"]));
            Assert.False(File.Exists(folder["b"]));
            staged.Commit();
        }

        Assert.Equal([1], File.ReadAllBytes(folder["a"]));
        Assert.Equal([2], File.ReadAllBytes(folder["b"]));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [Fact]
    public void Without_commit_nothing_is_left()
    {
        using var folder = new TemporaryFolder();
        using (var staged = new StagedFiles())
        {
            staged.Write(folder["a"], stream => stream.WriteByte(1));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void The_old_mode_is_kept_and_a_new_file_has_the_usual_one()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes");
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["usual"], "");
        UnixFileMode[] modes =
        [
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            (UnixFileMode)0b111_111_111,
            (UnixFileMode)0b110_100_010,
            UnixFileMode.UserRead | UnixFileMode.GroupRead,
        ];
        foreach (var mode in modes)
        {
            File.WriteAllText(folder["a"], "old");
            File.SetUnixFileMode(folder["a"], mode);
            using var staged = new StagedFiles();
            staged.Write(
                folder["a"],
                stream =>
                {
                    // Nor is what is secret open to all while it is written.
                    Assert.Equal(mode, File.GetUnixFileMode(((FileStream)stream).SafeFileHandle));
                    stream.WriteByte(1);
                }
            );
            staged.Commit();
            Assert.Equal(mode, File.GetUnixFileMode(folder["a"]));
            Assert.Equal(1, new FileInfo(folder["a"]).Length);
            File.Delete(folder["a"]);
        }

        using var other = new StagedFiles();
        other.Write(folder["new"], stream => stream.WriteByte(1));
        other.Commit();
        Assert.Equal(File.GetUnixFileMode(folder["usual"]), File.GetUnixFileMode(folder["new"]));
    }

    [Fact]
    public void The_unfinished_file_lies_beside_the_place_that_a_link_leads_to()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["real"]);
        File.CreateSymbolicLink(folder["link"], "real/file");
        using var staged = new StagedFiles();
        staged.Write(
            folder["link"],
            _ => Assert.Single(Directory.GetFiles(folder["real"], "file.*.partial"))
        );
        staged.Commit();
        Assert.Equal([folder["real/file"]], Directory.GetFiles(folder["real"]));
    }

    [Fact]
    public void Folders_that_were_made_for_nothing_go_again()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["there"]);
        Directory.CreateSymbolicLink(folder["dangling"], folder["there/target"]);
        foreach (var commit in (bool[])[false, true])
        {
            using (var staged = new StagedFiles())
            {
                staged.MakeFolder(folder["there"]);
                staged.MakeFolder(folder["there/a/b"]);
                staged.MakeFolder(folder["dangling"]);
                Assert.True(Directory.Exists(folder["there/target"]));
                staged.Write(folder["there/a/b/file"], stream => stream.WriteByte(1));
                if (commit)
                {
                    staged.Commit();
                }
            }

            Assert.True(Directory.Exists(folder["there"]));
            Assert.Equal(commit, File.Exists(folder["there/a/b/file"]));
            Assert.Equal(commit, Directory.Exists(folder["there/a"]));
            Assert.False(Directory.Exists(folder["there/target"]));
        }
    }

    [Fact]
    public void What_is_obsolete_goes_with_the_commit_only()
    {
        using var folder = new TemporaryFolder();
        foreach (var commit in (bool[])[false, true])
        {
            File.WriteAllText(folder["old"], "old");
            using (var staged = new StagedFiles())
            {
                staged.Write(folder["new"], stream => stream.WriteByte(1));
                Assert.True(staged.Writes(folder["new"]));
                Assert.False(staged.Writes(folder["old"]));
                staged.Remove(folder["old"]);
                if (commit)
                {
                    staged.Commit();
                }
            }

            Assert.Equal(!commit, File.Exists(folder["old"]));
            Assert.Equal(commit, File.Exists(folder["new"]));
        }
    }

    [Fact]
    public void A_missing_folder_is_one_sentence()
    {
        using var folder = new TemporaryFolder();
        using var staged = new StagedFiles();
        ModelAssert.Sentence(() => staged.Write(folder["no/such/file"], _ => { }));
        ModelAssert.Sentence(() => staged.Write(folder.Path, _ => { }));
    }

    [Fact]
    public void A_full_disk_keeps_the_old_file()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.UserName == "root",
            "a small file system can be mounted by root on Linux only"
        );
        using var folder = new TemporaryFolder();
        Assert.SkipUnless(
            SpecialFiles.Runs("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.Path),
            "mounting a small file system is not allowed here"
        );
        try
        {
            File.WriteAllText(folder["a"], "old");
            using (var staged = new StagedFiles())
            {
                var message = ModelAssert.Sentence(() =>
                    staged.Write(
                        folder["a"],
                        stream =>
                        {
                            for (var part = 0; part < 64; part++)
                            {
                                stream.Write(new byte[1 << 16]);
                            }
                        }
                    )
                );
                Assert.Contains("unchanged", message, StringComparison.Ordinal);
            }

            Assert.Equal("old", File.ReadAllText(folder["a"]));
            Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
        }
        finally
        {
            SpecialFiles.Runs("umount", folder.Path);
        }
    }
}
